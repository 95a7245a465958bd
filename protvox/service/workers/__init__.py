"""Child processes of the service: readers of structures and model processes."""
