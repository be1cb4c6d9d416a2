"""Hunch's training programs: one stage is one file that reads from top to bottom."""
