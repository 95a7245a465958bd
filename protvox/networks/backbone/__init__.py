"""The backbone network: amino acids from residue types and backbone geometry."""
