"""The conversation, the turn loop and the accounting; no Textual, no HTTP, no SQL in here."""
