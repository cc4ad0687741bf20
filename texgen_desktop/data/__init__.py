"""Images on disk become training crops."""
