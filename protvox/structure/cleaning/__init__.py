"""From the atoms of a file to a `Structure`: residue kinds, alternative positions, gaps."""
