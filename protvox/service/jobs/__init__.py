"""Jobs: accepted at once, computed when there is time, kept for a day."""
