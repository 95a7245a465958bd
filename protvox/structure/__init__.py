"""Structures: read, fetch, select, write; numpy arrays in, numpy arrays out."""
