"""``protvox doctor``: check what predictions need."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from protvox import __version__
from protvox.errors import ModelError, ProtvoxError
from protvox.messages import count

_LIBRARIES = ("torch", "e3nn", "numpy", "numba", "gemmi", "pandas", "pyarrow", "safetensors")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    subject
        What was checked.
    text
        The result.
    healthy
        False when something must be repaired.
    """

    subject: str
    text: str
    healthy: bool = True


@click.command(short_help="Check the installation, the device and the models.")
def doctor() -> int:
    """Check the installation, the device and the models.

    The exit code is 5 if something must be repaired.
    """
    healthy = True
    for check in (_versions, _cpu, _gpu, _settings, _models):
        for finding in _findings(check):
            healthy = healthy and finding.healthy
            mark = click.style("ok  ", fg="green")
            if not finding.healthy:
                mark = click.style("BAD ", fg="red", bold=True)
            click.echo(f"{mark} {finding.subject:<12} {finding.text}")
    return 0 if healthy else ModelError.exit_code


def _findings(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except (ProtvoxError, OSError, ImportError) as error:
        yield Finding(check.__name__.strip("_"), str(error), healthy=False)


def _versions() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding("protvox", f"{__version__}, {system}")
    for library in _LIBRARIES:
        try:
            yield Finding(library, version(library))
        except PackageNotFoundError:
            yield Finding(library, "is not installed", healthy=False)


def _cpu() -> Iterator[Finding]:
    import torch

    kind, threads = torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()
    yield Finding("cpu", f"{kind}, {count(threads, 'thread')}")


def _gpu() -> Iterator[Finding]:
    import torch

    if not torch.cuda.is_available():
        yield Finding("gpu", "none (the CPU is used)")
        return
    for index in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(index)
        yield Finding("gpu", f"cuda:{index} {gpu.name}, {gpu.total_memory / 2**30:.0f} GiB")


def _settings() -> Iterator[Finding]:
    from protvox.settings import load_settings

    settings = load_settings()
    network = "offline" if settings.offline else "structures are fetched by identifier"
    yield Finding("settings", f"device {settings.device}, {network}")
    try:
        settings.cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.cache_dir):
            yield Finding("cache", f"{settings.cache_dir} (writable)")
    except OSError as error:
        text = f"{settings.cache_dir}: {error.strerror}. Set PROTVOX_CACHE_DIR to a writable folder"
        yield Finding("cache", text, healthy=False)


def _models() -> Iterator[Finding]:
    from protvox.predict.index.released import ReleasedIndex
    from protvox.registry import installed
    from protvox.registry.tasks import BUILT_IN, SUPPORTING

    models = installed.available()
    for task in sorted({*BUILT_IN, *SUPPORTING} - {model.task for model in models}):
        yield Finding("model", f"no model is installed for the task {task}", healthy=False)
    for model in models:
        try:
            installed.verify(model.name)
            yield Finding("model", f"{model.name}: weights match their hash")
            if model.card.vote is not None:  # its predictions need the index as well
                index = ReleasedIndex(model.folder, model.card).index()
                yield Finding("index", f"{model.name}: {count(len(index), 'known domain')}")
        except ModelError as error:
            yield Finding("model", str(error), healthy=False)
