"""Pieces of a page that stands alone: no script, no network, everything from outside escaped."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.report.text import printable

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may do with a page: nothing but show it."""

_STYLE: Final = """
:root{--ink:#1c2430;--soft:#5b6675;--line:#d9dfe7;--card:#fff;--page:#f4f6f9;--accent:#2f6fb3;
--bad:#b3392f;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#323b48;--card:#1b212a;
--page:#12161c;--accent:#69a7e6;--bad:#ee7f75}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1160px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:17px;margin:0 0 2px}
p{margin:0}.soft{color:var(--soft);font-size:13.5px}
.grid{display:grid;gap:16px;grid-template-columns:repeat(12,minmax(0,1fr));margin-top:18px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;
grid-column:span 12;min-width:0;display:flex;flex-direction:column}
.card>.soft{margin-bottom:12px}
@media(min-width:760px){.half{grid-column:span 6}}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px;
margin-top:18px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.tile b{display:block;font-size:24px;line-height:1.2;font-variant-numeric:tabular-nums}
.tile.bad b{color:var(--bad)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:600;font-size:12.5px}
th,td{padding:5px 12px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td.name{overflow-wrap:anywhere;min-width:9em}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:13px ui-monospace,Menlo,Consolas,monospace}
svg,img{display:block;width:100%}
img{image-rendering:pixelated}
svg[height]{height:150px}
.axis{display:flex;justify-content:space-between;color:var(--soft);font-size:12.5px;
border-top:1px solid var(--soft);padding-top:3px}
.bar{display:grid;grid-template-columns:minmax(9em,15em) 1fr 3.5em;gap:10px;align-items:center;
padding:2px 0}
.bar>span:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
@media(max-width:759px){.bar{grid-template-columns:11em 1fr 2.5em}td.name{min-width:6em}
th,td{padding-right:8px}circle{r:8px}}
.bar i{display:block;height:13px;border-radius:2px;min-width:2px}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13.5px;margin:0 0 10px}
.key i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px}
"""


def text(words: object) -> str:
    """Return words as they are to be shown in a page.

    Parameters
    ----------
    words
        Anything; its text may come from outside.
    """
    return html.escape(printable(str(words)), quote=True)


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole page.

    Parameters
    ----------
    title
        Plain text.
    body
        Pieces of HTML.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{text(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>\n{chr(10).join(body)}\n</main></body></html>\n"
    )


def card(title: str, note: str, body: str, *, half: bool = False) -> str:
    """Return a section with a heading.

    Parameters
    ----------
    title, note
        Plain text.
    body
        HTML.
    half
        Whether it takes half of a wide screen.
    """
    kind = "card half" if half else "card"
    return (
        f'<section class="{kind}"><h2>{text(title)}</h2>'
        f'<p class="soft">{text(note)}</p>{body}</section>'
    )


def tile(value: str, label: str, *, bad: bool = False) -> str:
    """Return a number with its name.

    Parameters
    ----------
    value, label
        Plain text.
    bad
        Whether the number should be zero.
    """
    return f'<div class="tile{" bad" if bad else ""}"><b>{text(value)}</b>{text(label)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: str = "") -> str:
    """Return a table.

    Parameters
    ----------
    head
        Names of the columns.
    rows
        Plain values.
    numbers
        A letter a column: ``n`` for numbers, ``i`` for names that may be broken anywhere.
    """
    kinds = [{"n": ' class="num"', "i": ' class="name"'}.get(c, "") for c in numbers]
    kinds += [""] * (len(head) - len(kinds))
    titles = "".join(f"<th{k}>{text(h)}</th>" for h, k in zip(head, kinds, strict=True))
    lines = (
        "<tr>"
        + "".join(f"<td{k}>{text(v)}</td>" for v, k in zip(row, kinds, strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def histogram(counts: NDArray[np.integer], ends: tuple[str, str, str]) -> str:
    """Return bars of counts over an axis.

    Parameters
    ----------
    counts
        ``bin``.
    ends
        What is written at the left, in the middle and at the right of the axis.
    """
    top = max(int(counts.max(initial=0)), 1)
    bars = "".join(
        f'<rect x="{i + 0.06:.2f}" y="{100 - 100 * n / top:.2f}" width="0.88" '
        f'height="{100 * n / top:.2f}"><title>{n}</title></rect>'
        for i, n in enumerate(counts.tolist())
    )
    return (
        f'<svg viewBox="0 0 {len(counts)} 100" preserveAspectRatio="none" height="150" '
        f'fill="var(--accent)" role="img" aria-label="histogram">{bars}</svg>{axis(ends)}'
    )


def axis(ends: tuple[str, str, str]) -> str:
    """Return what stands below a picture.

    Parameters
    ----------
    ends
        At the left, in the middle and at the right.
    """
    return f'<div class="axis">{"".join(f"<span>{text(end)}</span>" for end in ends)}</div>'


def bars(rows: Iterable[tuple[str, int, str]]) -> str:
    """Return a bar a line.

    Parameters
    ----------
    rows
        Name, number and colour of each, the longest first.
    """
    rows = list(rows)
    top = max((n for _, n, _ in rows), default=1)
    return "".join(
        f'<div class="bar"><span title="{text(name)}">{text(name)}</span>'
        f'<span><i style="width:{100 * n / top:.1f}%;background:{colour}"></i></span>'
        f'<span class="num">{n}</span></div>'
        for name, n, colour in rows
    )


def key(entries: Iterable[tuple[str, str]]) -> str:
    """Return what the colours mean.

    Parameters
    ----------
    entries
        Name and colour.
    """
    items = (f'<span><i style="background:{c}"></i>{text(name)}</span>' for name, c in entries)
    return f'<div class="key">{"".join(items)}</div>'


def scatter(points: NDArray[np.floating], names: Sequence[str], colours: Sequence[str]) -> str:
    """Return points in a plane.

    Parameters
    ----------
    points
        ``point 2``.
    names, colours
        Of each point.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    placed = 12 + (points - low) / np.maximum(high - low, 1e-9) * np.array([776, 396])
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{420 - y:.1f}" r="4" fill="{c}">'
        f"<title>{text(n)}</title></circle>"
        for (x, y), n, c in zip(placed.tolist(), names, colours, strict=True)
    )
    return (
        f'<svg viewBox="0 0 800 420" role="img" aria-label="map" fill-opacity="0.75">{dots}</svg>'
    )


def picture(png: bytes, alternative: str, *, height: int) -> str:
    """Return a picture that is part of the page.

    Parameters
    ----------
    png
        The file.
    alternative
        What it shows.
    height
        Pixels; it takes the whole width, each number a rectangle.
    """
    data = base64.b64encode(png).decode("ascii")
    source = f"data:image/png;base64,{data}"
    return f'<img src="{source}" alt="{text(alternative)}" style="height:{height}px">'
