"""Export of trained steerable networks to plain layers for inference."""
