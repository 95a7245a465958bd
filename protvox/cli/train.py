"""``protvox train``: shards of atoms from structures, and networks from shards."""

from __future__ import annotations

import click


@click.group(short_help="Build training shards and train networks.")
def train() -> None:
    """Build training shards and train networks."""
