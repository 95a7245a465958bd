"""Compiled loops: compiler options, and distribution over threads."""
