"""Training batches of environments and domains, and their augmentation."""
