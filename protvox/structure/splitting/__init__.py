"""How a chain is cut into domains; `protvox.structure.domains` is the door."""
