"""Protein structures as numpy arrays: read, clean, select, split into domains, write."""
