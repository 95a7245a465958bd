"""Rotation-invariant embeddings of domains and residues."""
