"""Predictions: from a structure to probabilities, scores, embeddings and known domains."""
