"""Contrastive training: the loss, batches and mined negatives."""
