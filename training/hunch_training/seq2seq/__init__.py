"""Models that write documentation from code."""
