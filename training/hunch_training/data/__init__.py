"""Pairs of a description and a function: reading, mining and describing them."""
