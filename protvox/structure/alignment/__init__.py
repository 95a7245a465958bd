"""Structural alignment of two CA traces, and their superposition."""
