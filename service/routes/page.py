"""The page at ``/``: the files of ``service/static``, each kind with its policy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER: Final = Path(__file__).parent.parent / "static"
"""Where the page lies; there may be none."""

_VIEWER: Final = "viewer/"
_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
# The viewer of structures styles its elements itself, computes in workers, and is shown in a
# frame of the page; it gets its structure from the page and may connect to nowhere else.
_VIEWER_POLICY: Final = {
    **_POLICY,
    "style-src": "'self' 'unsafe-inline'",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "frame-ancestors": "'self'",
}


class Page(StaticFiles):
    """The page and what belongs to it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with the headers it needs."""
        answer = await super().get_response(path, scope)
        viewer = path.replace(os.sep, "/").startswith(_VIEWER)
        policy = _VIEWER_POLICY if viewer else _POLICY
        answer.headers["Content-Security-Policy"] = "; ".join(map(" ".join, policy.items()))
        answer.headers["X-Frame-Options"] = "SAMEORIGIN" if viewer else "DENY"
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def page(folder: Path = FOLDER) -> Page | None:
    """Return the page, None where there is none.

    Parameters
    ----------
    folder
        Of its files.
    """
    return Page(directory=folder, html=True) if (folder / "index.html").is_file() else None
