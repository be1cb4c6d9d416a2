"""Retrieval sets, their metrics, BM25 and plots."""
