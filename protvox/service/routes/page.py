"""The web page at ``/``: the files in ``protvox/service/static``, with their security policy."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse, Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER: Final = Path(__file__).parent.parent / "static"
"""Folder of the page; it may be missing."""

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
# The structure viewer styles its elements itself, computes in web workers, and is shown in a frame
# of the page. It receives the structure from the page and may not open connections.
_VIEWER_POLICY: Final = {
    **_POLICY,
    "style-src": "'self' 'unsafe-inline'",
    "connect-src": "data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "frame-ancestors": "'self'",
    "sandbox": "allow-scripts",
}
_COMMENT: Final = re.compile(rb"^[ \t]*(?:/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
"""Comments with lines of their own, a third of the script."""


@lru_cache(maxsize=128)
def served_script(path: Path, _changed: float) -> bytes:
    """Return a script of the page as it is sent: without comments.

    Parameters
    ----------
    path
        The script.
    _changed
        Time of its last change, so that a changed file is read again.
    """
    return _COMMENT.sub(b"", path.read_bytes())


class Page(StaticFiles):
    """The files of the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with its security headers.

        Parameters
        ----------
        path
            Path within the folder.
        scope
            See the ASGI specification.
        """
        response = await super().get_response(path, scope)
        viewer = Path(path).parts[:1] == (_VIEWER,)
        if isinstance(response, FileResponse) and path.endswith(".js") and not viewer:
            response = _script(response)
        policy = _VIEWER_POLICY if viewer else _POLICY
        response.headers["Content-Security-Policy"] = "; ".join(map(" ".join, policy.items()))
        response.headers["X-Frame-Options"] = "SAMEORIGIN" if viewer else "DENY"
        if viewer:
            # The sandboxed frame has no origin and could not load its own files otherwise.
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Accept-Ranges"] = "none"  # the boundary ignores ranges
        return response


def _script(whole: FileResponse) -> Response:
    """Return the response with a script, without its comments."""
    path = Path(whole.path)
    content = served_script(path, path.stat().st_mtime)
    names = ("etag", "last-modified")
    headers = {name: whole.headers[name] for name in names if name in whole.headers}
    return Response(content, headers=headers, media_type="text/javascript")


class PageMount(Mount):
    """Serves a folder at ``/`` without hiding the other routes.

    Parameters
    ----------
    folder
        Folder of the page.
    """

    def __init__(self, folder: Path) -> None:
        files = Page(directory=folder, packages=[_EXAMPLES], html=True)
        super().__init__("/", files, name="page")
        self._names = {"", _EXAMPLE, *(entry.name for entry in folder.iterdir())}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether an address belongs to the page.

        Parameters
        ----------
        scope
            See the ASGI specification.
        """
        # A plain mount matches every address, so the other routes could not return 405.
        first = scope["path"].removeprefix("/").split("/", 1)[0]
        return super().matches(scope) if first in self._names else (Match.NONE, {})


def page_routes(folder: Path) -> list[PageMount]:
    """Return the routes of the page, an empty list if there is no page.

    Parameters
    ----------
    folder
        Folder of the page.
    """
    return [PageMount(folder)] if (folder / "index.html").is_file() else []
