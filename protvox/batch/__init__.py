"""Many structures: read, predicted and written side by side, resumable at any moment."""
