"""Splitting chains into domains; start at `protvox.structure.splitting.find`."""
