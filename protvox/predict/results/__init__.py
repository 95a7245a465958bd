"""Records of a prediction, their JSON form and their tables."""
