"""Where a run reads and writes: local folders, object stores and URLs."""
