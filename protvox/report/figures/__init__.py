"""Figures drawn with matplotlib: heat map and sequence logo of a mutation scan."""
