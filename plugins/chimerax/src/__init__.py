"""The ChimeraX bundle of protvox; see docs/how-to/viewers.md."""

from __future__ import annotations

from chimerax.core.toolshed import BundleAPI


class _Bundle(BundleAPI):
    api_version = 1

    @staticmethod
    def register_command(bundle_info, command_info, logger):
        """Register the command; ChimeraX calls this before its first use."""
        from chimerax.core.commands import register

        from . import command

        register(command_info.name, command.description(), command.protvox, logger=logger)


bundle_api = _Bundle()
