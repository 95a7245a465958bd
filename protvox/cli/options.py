"""Options that several commands share."""

from __future__ import annotations

import re

import click

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


def _device(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _DEVICE.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not auto, cpu, cuda or cuda:N.")
    return value


device_option = click.option(
    "--device",
    metavar="auto|cpu|cuda",
    callback=_device,
    help="Where to compute; auto takes a GPU when there is one. [default: auto]",
)
model_number_option = click.option(
    "--model-number",
    type=int,
    metavar="N",
    help="Model of the file to read, for NMR ensembles. [default: the first]",
)
offline_option = click.option(
    "--offline", is_flag=True, default=None, help="Never use the network, only the cache."
)
domains_option = click.option(
    "--domains",
    "--domain",
    "domains",
    metavar="auto|chain|A:1-90,120-150",
    multiple=True,
    help="Domains found in every chain, chains as they are, or a domain by its author numbers; "
    "repeat it for more. [default: auto]",
)
