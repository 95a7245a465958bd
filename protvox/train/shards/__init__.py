"""Shards: structures reduced to labelled atoms, and how they are built."""
