"""Candidates for stabilising mutations, with reasons and cautions."""
