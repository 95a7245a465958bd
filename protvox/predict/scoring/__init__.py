"""What ``protvox score`` needs of a task: its tables, and the rows of a structure."""
