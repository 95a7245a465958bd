"""Scores of mutations as a task: many structures, a scan or a list for all."""
