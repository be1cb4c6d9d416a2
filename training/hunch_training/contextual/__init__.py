"""The contextual encoder, which starts from a public one."""
