"""The networks of the tasks and their configurations."""
