"""The task of CATH architectures: which architecture a domain has."""
