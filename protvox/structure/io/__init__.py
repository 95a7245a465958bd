"""Reading structures from files, identifiers and trajectories, and writing annotated files."""
