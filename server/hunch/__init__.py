"""Hunch finds code by what it does: offline semantic search for any editor."""

__version__ = "0.1.0"
