"""Reading structures from files, databases and trajectories; writing annotated files."""
