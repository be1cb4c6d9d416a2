"""Pairs as token ids: bags, sequences, and both as tensors."""
