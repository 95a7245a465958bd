"""What is wrong with a model, from its coordinates alone."""
