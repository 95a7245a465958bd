"""Training: shards of atoms, batches, the loop, measures."""
