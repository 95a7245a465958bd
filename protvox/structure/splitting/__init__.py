"""How a chain is cut into domains; `protvox.structure.splitting.find` is the door."""
