"""Geometry of CA traces: directions, secondary structure, compactness, principal axes."""
