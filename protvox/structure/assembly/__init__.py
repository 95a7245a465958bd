"""Biological assemblies and groups of identical chains."""
