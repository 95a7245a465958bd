"""protvox behind an address: a FastAPI service over the same results as the command line."""
