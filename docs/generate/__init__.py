"""The pages and tables of the documentation that are generated from measured results."""
