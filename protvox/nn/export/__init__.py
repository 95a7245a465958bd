"""Trained steerable networks as plain products for inference."""
