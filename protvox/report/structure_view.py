"""A result on its structure, to rotate in a notebook or a browser."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.predict.results.residue_table import ResidueTable
from protvox.report.annotate import values_of_residues
from protvox.report.figures.profile import Profile, Result, profile_of
from protvox.report.text import printable
from protvox.structure.export.gemmi import to_gemmi
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

_VIEWER: Final = Path(__file__).parents[1] / "service" / "static" / "viewer"
_HEIGHT: Final = 420
_NONE: Final = 0xB4BAC4
_Stops = tuple[tuple[float, tuple[int, int, int]], ...]
_PROBABILITY: Final[_Stops] = (
    (0.0, (184, 58, 16)),
    (0.05, (233, 128, 52)),
    (0.2, (245, 208, 116)),
    (0.5, (133, 184, 222)),
    (1.0, (28, 90, 160)),
)
_SIGNED: Final[_Stops] = ((-1.0, (24, 92, 150)), (0.0, (217, 221, 227)), (1.0, (178, 52, 16)))
_WITHIN: Final = 95


class StructureView:
    """A page with the structure, which a notebook shows in place.

    The viewer, Mol*, is part of protvox and of the page, about 2 MB: nothing is loaded from
    elsewhere, also when the notebook is opened again later.

    Parameters
    ----------
    page
        HTML.
    """

    def __init__(self, page: str) -> None:
        self._page = page

    def __repr__(self) -> str:
        """Return one line."""
        return "StructureView(show it in a notebook, or write it with .save('view.html'))"

    def _repr_html_(self) -> str:
        """Return the page in a frame without access to the notebook."""
        return (
            f'<iframe sandbox="allow-scripts" style="width: 100%; height: {_HEIGHT}px; border: 0" '
            f'srcdoc="{escape(self._page)}"></iframe>'
        )

    def save(self, path: str | Path) -> None:
        """Write the page.

        Parameters
        ----------
        path
            Name of the file, usually ``.html``.
        """
        Path(path).write_text(self._page, encoding="utf-8")


def show_structure(result: Result, structure: Any) -> StructureView:
    """Return a structure in the colours of a result.

    Parameters
    ----------
    result
        Prediction, scores of mutations, or check.
    structure
        Path, identifier or object of the structure that was predicted.

    Raises
    ------
    UsageError
        If the result has no residues (``usage.no_residues``).
    InputError
        If the structure cannot be read, or has none of the residues of the result
        (``input.other_structure``).
    """
    profile = profile_of(result)
    read = read_structure(structure, model=result.input.model)
    values = values_of_residues(read, profile.residues, profile.values)
    if not _is_of(profile.residues, read):
        raise fail("input.other_structure", where=read.name)
    message = {
        "data": to_gemmi(read).make_mmcif_document().as_string(),
        "addresses": {
            "chain": read.chain.tolist(),
            "number": read.number.tolist(),
            "code": read.insertion_code.tolist(),
        },
        "colours": _colours(values, profile),
    }
    caption = f"{printable(result.input.name)}: {profile.label}"
    return StructureView(_page(message, caption))


def _is_of(residues: ResidueTable, structure: Structure) -> bool:
    """Whether at least half of the residues are in a structure, with the same amino acids."""
    addresses = (structure.chain, structure.number, structure.insertion_code, structure.parent)
    found = set(zip(*(column.tolist() for column in addresses), strict=True))
    columns = (residues.chain, residues.number, residues.insertion_code, residues.wild_type)
    wanted = list(zip(*(column.tolist() for column in columns), strict=True))
    return 2 * sum(row in found for row in wanted) >= len(wanted)


def _colours(values: NDArray[np.floating], profile: Profile) -> list[int]:
    """Return 0xrrggbb for each value; grey where there is none."""
    known = values[np.isfinite(values)]
    stops = _PROBABILITY
    scaled = values.astype(np.float64)
    if profile.signed:
        stops = _SIGNED
        ends = [
            np.percentile(np.abs(part), _WITHIN) if len(part) else 1.0
            for part in (known[known < 0], known[known > 0])
        ]
        scaled = np.where(scaled < 0, scaled / ends[0], scaled / ends[1])
    at = [stop for stop, _ in stops]
    parts = [np.interp(scaled, at, [colour[i] for _, colour in stops]) for i in range(3)]
    red, green, blue = (np.nan_to_num(np.rint(part)).astype(int) for part in parts)
    packed = red << 16 | green << 8 | blue
    return np.where(np.isfinite(values), packed, _NONE).tolist()


def _page(message: dict[str, Any], caption: str) -> str:
    """Return a page that shows a structure, with the viewer inside."""
    # A closing tag inside a string would end the script.
    content = json.dumps(message).replace("</", "<\\/")
    texts = {
        name: (_VIEWER / name).read_text(encoding="utf-8")
        for name in ("residues.js", "frame.js", "frame.css", "molstar/molstar.css")
    }
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(caption)}</title>
<style>{texts["molstar/molstar.css"]}</style>
<style>{texts["frame.css"]}
figcaption {{ position: absolute; left: 8px; bottom: 6px; font: 13px system-ui, sans-serif;
  color: #3b4656; }}</style></head>
<body><div id="app"></div><figcaption>{escape(caption)}</figcaption>
<script>window.protvoxView = {{ message: {content}, molstar: "{_molstar()}" }};</script>
<script>{texts["residues.js"]}</script>
<script>{texts["frame.js"]}</script>
<script>{_START}</script></body></html>
"""


_START: Final = """
(async () => {
  const packed = Uint8Array.from(atob(protvoxView.molstar), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.body.append(script);
  await begin();
  await receive.show(protvoxView.message);
  document.body.dataset.viewer = "shown";
})().catch(fail);
"""


@cache
def _molstar() -> str:
    """Return the script of the viewer, compressed, as base64."""
    data = (_VIEWER / "molstar" / "molstar.js").read_bytes()
    return base64.b64encode(gzip.compress(data, mtime=0)).decode("ascii")
