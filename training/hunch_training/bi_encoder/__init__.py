"""Bi-encoders of queries and code: static encoders, Transformers, or one of each."""
