"""Installed models: cards, weights and how they are found."""
