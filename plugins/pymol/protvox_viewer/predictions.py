"""Predictions of protvox for a molecular viewer: how to get them, and the colours of residues.

Needs nothing but Python, since viewers come with a Python of their own. The ChimeraX bundle has
the same file.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

TASKS = ("domains", "check", "mutations")
"""What can be asked for."""

Residue = tuple[str, str]
"""Chain and number with insertion code, as the file has them: ``("A", "52A")``."""

_ADDRESS = {"domains": "predict/cath", "check": "check", "mutations": "predict/mutations"}
_COMMAND = {
    "domains": ["classify", "--task", "cath"],
    "check": ["check"],
    "mutations": ["mutations"],
}
_SECONDS = 3600
_DOMAINS = (
    *("#2f6db5", "#e08214", "#1b9e77", "#c2417c", "#7a5fc0", "#a6761d", "#4aa3c7", "#8f9a27"),
)
_FINDINGS = {
    "register": "#b2182b",
    "sequence": "#762a83",
    "chain": "#762a83",
    "direction": "#e08214",
    "mistraced": "#1b1b1b",
    "residue": "#f4a582",
}
_REST = "#d1e5f0"
NO_VALUE = "#9a9a9a"
"""Colour of residues without a prediction."""
_LOW, _MIDDLE, _HIGH = "#2166ac", "#f7f7f7", "#b2182b"
_STEPS = 12
_END = r"-?\d+[A-Za-z]?"
_RANGE = re.compile(f"({_END})(?:-({_END}))?")


class PredictionError(Exception):
    """A prediction that failed, with what is wrong and what to do."""


def predict(task: str, path: str, service: str = "", command: str = "protvox") -> dict:
    """Return a result of protvox for a structure file.

    Parameters
    ----------
    task
        One of `TASKS`.
    path
        The structure file.
    service
        Address of a running service; ``""`` to run the command. If it needs a key, that is in the
        environment variable PROTVOX_KEY.
    command
        The command, if it is not on the search path.

    Raises
    ------
    PredictionError
        If the task is unknown, the service or the command cannot be reached, or they refuse.
    """
    if task not in TASKS:
        raise PredictionError(f"there is nothing called {task!r}; choose one of {', '.join(TASKS)}")
    if service:
        return _ask_service(f"{service.rstrip('/')}/{_ADDRESS[task]}", Path(path))
    return _run_command([*shlex.split(command), *_COMMAND[task], "--format", "jsonl", path])


def _ask_service(address: str, path: Path) -> dict:
    mark = os.urandom(16).hex()
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
    )
    body = head.encode() + path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    if os.environ.get("PROTVOX_KEY"):
        headers["Authorization"] = f"Bearer {os.environ['PROTVOX_KEY']}"
    try:
        request = urllib.request.Request(address, body, headers)
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        try:
            raise PredictionError(json.load(error)["detail"]) from None
        except (ValueError, KeyError):
            raise PredictionError(f"{address} returned status {error.code}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise PredictionError(f"no service answers at {address} ({reason})") from None


def _run_command(words: list[str]) -> dict:
    # A viewer sets these for its own Python.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH")
    }
    try:
        done = subprocess.run(
            words, capture_output=True, env=environment, timeout=_SECONDS, check=False
        )
    except OSError as error:
        raise PredictionError(
            f"{words[0]} cannot be run ({error.strerror}); give its path, or the address of a "
            "service"
        ) from None
    except subprocess.TimeoutExpired:
        raise PredictionError(f"{words[0]} took longer than {_SECONDS} s") from None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        raise PredictionError((lines or ["it failed"])[-1].removeprefix("error: "))
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise PredictionError(f"{words[0]} returned no JSON") from None


def colours(result: dict, residues: list[Residue]) -> dict[Residue, str]:
    """Return the colour of every residue of a model.

    Parameters
    ----------
    result
        Result of `predict`.
    residues
        Residues of the model, in its order.
    """
    task = result["schema"].split("/")[0]
    if task == "protvox.classify":
        return _domain_colours(result["domains"], residues)
    if task == "protvox.check":
        return _finding_colours(result, residues)
    return _score_colours(result["mutations"], residues)


def _domain_colours(domains: list[dict], residues: list[Residue]) -> dict[Residue, str]:
    found = dict.fromkeys(residues, NO_VALUE)
    for i, domain in enumerate(domains):
        for residue in _of_domain(domain, residues):
            found[residue] = _DOMAINS[i % len(_DOMAINS)]
    return found


def _of_domain(domain: dict, residues: list[Residue]) -> list[Residue]:
    chains = domain["chain"].split("+") if not domain["chopping"] else [domain["chain"]]
    inside = [r for r in residues if r[0] in chains]
    if not domain["chopping"]:
        return inside
    return [
        residue
        for first, last in map(_ends, domain["chopping"].split(","))
        for residue in between(inside, first, last)
    ]


def _ends(text: str) -> tuple[str, str]:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise PredictionError(f"the range {text!r} cannot be read; the versions may not match")
    return match[1], match[2] or match[1]


def between(residues: list[Residue], first: str, last: str) -> list[Residue]:
    """Return the residues from one number to another, in the order of the model.

    Parameters
    ----------
    residues
        Residues of a chain.
    first, last
        Numbers of the ends. An end that the model lacks is counted from its neighbours.
    """
    numbers = [number for _, number in residues]
    if first in numbers and last in numbers:
        return residues[numbers.index(first) : numbers.index(last) + 1]
    low, high = _value(first), _value(last)
    return [r for r in residues if low <= _value(r[1]) <= high]


def _value(number: str) -> int:
    return int(re.match(r"-?\d+", number)[0])


def _finding_colours(result: dict, residues: list[Residue]) -> dict[Residue, str]:
    found = dict.fromkeys(residues, _REST)
    for one in result["residues"]:
        found[one["chain"], f"{one['number']}{one['insertion_code']}"] = _FINDINGS["residue"]
    for segment in result["segments"]:
        inside = [r for r in residues if r[0] == segment["chain"]]
        for residue in between(inside, segment["first"], segment["last"]):
            found[residue] = _FINDINGS.get(segment["kind"], _FINDINGS["register"])
    return {residue: found[residue] for residue in residues}


def _score_colours(mutations: list[dict], residues: list[Residue]) -> dict[Residue, str]:
    """Colour by the mean score, blue where mutations are tolerated and red where they are not."""
    scores: dict[Residue, list[float]] = {}
    for one in mutations:
        if one["number"] is not None:  # not of several residues at once
            for chain in (one["chain"], *one.get("copies", ())):
                key = chain, f"{one['number']}{one['insertion_code']}"
                scores.setdefault(key, []).append(one["score"])
    means = {residue: sum(values) / len(values) for residue, values in scores.items()}
    largest = max((abs(mean) for mean in means.values()), default=0) or 1.0
    return {
        residue: _shade(means[residue] / largest) if residue in means else NO_VALUE
        for residue in residues
    }


def _shade(value: float) -> str:
    """Return one of a few colours for a value from -1 to 1."""
    step = round(abs(value) * _STEPS) / _STEPS
    pairs = zip(_parts(_MIDDLE), _parts(_HIGH if value > 0 else _LOW), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * step):02x}" for a, b in pairs)


def _parts(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def segments(result: dict) -> list[tuple[str, str, str, str]]:
    """Return chain, first and last residue, and kind of every segment of a check."""
    return [(s["chain"], s["first"], s["last"], s["kind"]) for s in result.get("segments", [])]


def report(result: dict) -> list[str]:
    """Return what was predicted, one line each.

    Parameters
    ----------
    result
        Result of `predict`.
    """
    task = result["schema"].split("/")[0]
    if task == "protvox.classify":
        lines = [_domain_line(domain) for domain in result["domains"]]
        lines = lines or ["no domain is large enough to have an architecture"]
    elif task == "protvox.check":
        lines = [
            f"{s['kind']}  chain {s['chain']} {s['first']} to {s['last']}: {s['suggestion']}"
            for s in result["segments"]
        ] + [
            f"residue  chain {r['chain']} {r['wild_type']} {r['number']}{r['insertion_code']}: "
            f"{r['predicted']} is {r['odds']:.0f} times as probable"
            + (f" ({'; '.join(r['reasons'])})" if r["reasons"] else "")
            for r in result["residues"]
        ]
        lines = lines or ["nothing was found; that does not mean that the model is right"]
    else:
        lines = [
            f"{len(result['mutations'])} substitutions; red: mutations destabilise on average, "
            "blue: they are tolerated"
        ]
    return lines + [f"warning: {text}" for text in result["warnings"]]


def _domain_line(domain: dict) -> str:
    first = domain["architectures"][0]
    families = domain.get("superfamilies") or []
    best = families[0] if families and families[0]["probability"] >= 0.5 else None
    family = (
        f"; superfamily {best['label']} {best['name']} {best['probability']:.2f}" if best else ""
    )
    sure = "" if domain["in_range"] else "; unreliable"
    where = f" {domain['chopping']}" if domain["chopping"] else ""
    return (
        f"chain {domain['chain']}{where}: {first['label']} {first['name']} "
        f"{first['probability']:.2f}{family}{sure}"
    )
