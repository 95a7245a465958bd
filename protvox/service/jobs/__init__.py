"""Jobs: accepted at once, computed in the background, kept for a day."""
