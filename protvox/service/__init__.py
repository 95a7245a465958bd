"""HTTP service (FastAPI) with the same results as the command line."""
