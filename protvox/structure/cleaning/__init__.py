"""From the atoms of a file to a `Structure`: residue kinds, alternates, gaps, duplicates."""
