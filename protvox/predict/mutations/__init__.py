"""Scores of single substitutions from residue environments."""
