"""Sparse grids: the lattice points near a chain, with steerable moments of the chain."""
