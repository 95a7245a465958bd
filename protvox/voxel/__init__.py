"""Voxel grids of densities, steerable moments of atoms, and sparse lattices."""
