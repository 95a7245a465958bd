"""Worker processes of a run: readers and predictors."""
