"""Worker processes of a run: readers and model processes."""
