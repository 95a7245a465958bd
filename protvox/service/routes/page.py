"""The page at ``/``: the files of ``protvox/service/static``, each kind with its policy."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER: Final = Path(__file__).parent.parent / "static"
"""Where the page lies; there may be none."""

_EXAMPLES: Final = ("protvox", "examples")
_EXAMPLE: Final = "1pwc.pdb.gz"
_VIEWER: Final = "viewer"
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
    "connect-src": "data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "frame-ancestors": "'self'",
    "sandbox": "allow-scripts",
}


class Page(StaticFiles):
    """The page and what belongs to it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with the headers it needs."""
        answer = await super().get_response(path, scope)
        viewer = Path(path).parts[:1] == (_VIEWER,)
        policy = _VIEWER_POLICY if viewer else _POLICY
        answer.headers["Content-Security-Policy"] = "; ".join(map(" ".join, policy.items()))
        answer.headers["X-Frame-Options"] = "SAMEORIGIN" if viewer else "DENY"
        if viewer:
            # Its frame is sandboxed, so of no origin, and could not load its own files.
            answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        answer.headers["Cache-Control"] = "no-cache"
        answer.headers["Accept-Ranges"] = "none"  # see the boundary
        return answer


class PageMount(Mount):
    """Serves a folder at ``/``, and leaves every address that is not in it to the others.

    Parameters
    ----------
    folder
        Of the page.
    """

    def __init__(self, folder: Path) -> None:
        files = Page(directory=folder, packages=[_EXAMPLES], html=True)
        super().__init__("/", files, name="page")
        self._names = {"", _EXAMPLE, *(entry.name for entry in folder.iterdir())}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether an address belongs to the page."""
        # A plain mount would take every address, and with it the answer 405 of the others.
        first = scope["path"].removeprefix("/").split("/", 1)[0]
        return super().matches(scope) if first in self._names else (Match.NONE, {})


def page_routes(folder: Path) -> list[PageMount]:
    """Return the routes of the page, none where there is none.

    Parameters
    ----------
    folder
        Of its files.
    """
    return [PageMount(folder)] if (folder / "index.html").is_file() else []
