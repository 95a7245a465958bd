"""The HTML page about a run of ``protvox score``."""
