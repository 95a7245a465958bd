"""``python -m protvox``: the command ``protvox`` where its folder is not on the path."""

from __future__ import annotations

from protvox.cli import main

main()
