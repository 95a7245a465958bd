"""Checks of models as a task: many structures."""
