"""Voxel grids of Gaussian densities, and their export as density maps."""
