"""Networks, their configuration, weights and cards."""
