"""The chat screen; the only place that knows Textual."""
