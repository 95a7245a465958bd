"""Steerable moments of atoms around residues, in frames of the backbone."""
