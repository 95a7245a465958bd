"""Predictions for people and for other programs: tables, files, viewer scripts."""
