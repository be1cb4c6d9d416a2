"""The vocabularies: WordPiece for search, byte pairs and whole words for the models that write."""
