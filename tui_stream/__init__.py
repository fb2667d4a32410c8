"""A terminal chat program that streams answers live, exactly and without losing a word."""

__version__ = "0.1.0"
