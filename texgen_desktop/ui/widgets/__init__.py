"""Dumb parts that know nothing of the studio."""
