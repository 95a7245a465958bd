"""The Python interface: what `protvox` exports."""
