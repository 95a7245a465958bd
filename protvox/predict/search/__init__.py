"""Search for the known domains nearest to those of a structure."""
