"""Sparse grids: the lattice points near a chain, and steerable moments of the chain there."""
