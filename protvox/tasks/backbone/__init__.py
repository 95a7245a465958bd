"""Amino acids from residue types and backbone geometry: the second network of mutation scores."""
