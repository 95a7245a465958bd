"""Voxel grids: specifications, Gaussian densities, domains, environments and export."""
