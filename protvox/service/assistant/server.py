"""The server of the Model Context Protocol: the service behind standard input and output."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from starlette.types import ASGIApp

from protvox import __version__
from protvox.errors import ProtvoxError, fail
from protvox.service.app import build_app
from protvox.service.assistant.local_requests import encode_request, post
from protvox.service.assistant.tool_list import INSTRUCTIONS, TOOLS, Tool
from protvox.service.core import Core
from protvox.service.http.boundary import Boundary
from protvox.service.settings import ServiceSettings, load_service_settings

_DEADLINE_S: Final = 600.0
"""Longer than in the service, since nobody can send a job here."""
_TOOLS: Final = {tool.name: tool for tool in TOOLS}


class Assistant:
    """Answers the calls of an assistant.

    Parameters
    ----------
    app
        The service.
    settings
        Its settings.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app = app
        self._settings = settings

    def server(self) -> Server[Any]:
        """Return the server of the protocol."""
        return Server(
            "protvox",
            version=__version__,
            title="protvox",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )

    async def _list_tools(
        self, _context: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_describe(tool) for tool in TOOLS])

    async def _call_tool(
        self, _context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            return await self.call(params.name, params.arguments or {})
        except ProtvoxError as error:
            words = {"code": error.code, "what": error.what, "where": error.where}
            return _result({**words, "remedy": error.remedy}, is_error=True)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> types.CallToolResult:
        """Call a tool.

        Parameters
        ----------
        name
            Its name.
        arguments
            ``source`` and options.

        Returns
        -------
        CallToolResult
            The bytes of the response of the service; if it is an error, so marked.

        Raises
        ------
        ProtvoxError
            If there is no such tool, a required argument is missing, or the file cannot be read.
        """
        tool = _TOOLS.get(name)
        if tool is None:
            raise fail("usage.tool", where=name, tools=", ".join(_TOOLS))
        source = arguments.get("source")
        for needed in ("source", *tool.required):
            if not arguments.get(needed):
                raise fail("usage.tool.missing", where=needed)
        if not isinstance(source, str):
            raise fail("usage.tool.missing", where="source")
        options = {key: value for key, value in arguments.items() if key != "source"}
        content_type, body = await anyio.to_thread.run_sync(
            encode_request, source, options, self._settings.body_bytes
        )
        status, content = await post(self._app, tool.path, content_type, body)
        text = content.decode()
        if status == 200:
            return types.CallToolResult(content=[types.TextContent(text=text)])
        words = json.loads(text)
        names = ("code", "what", "where", "remedy")
        return _result({key: words.get(key) for key in names}, is_error=True)


def _result(document: Mapping[str, Any], *, is_error: bool) -> types.CallToolResult:
    text = json.dumps(document, ensure_ascii=False)
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=is_error)


def _describe(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema(),
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=True,
        ),
    )


def run(device: str | None = None) -> None:
    """Serve the tools on standard input and output until the input ends.

    Parameters
    ----------
    device
        Device to compute on; by default that of the settings.

    Raises
    ------
    UsageError
        If a setting is invalid.
    """
    # Standard output belongs to the protocol.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    settings = load_service_settings(devices=device)
    with tempfile.TemporaryDirectory(prefix="protvox-mcp-") as folder:
        anyio.run(_serve, _own_settings(settings, Path(folder)))


def _own_settings(settings: ServiceSettings, folder: Path) -> ServiceSettings:
    """Return the settings of a service that only this process can reach."""
    set_by_user = settings.model_fields_set
    return settings.model_copy(
        update={
            "api_keys": "",
            "api_keys_file": None,
            "host": "127.0.0.1",
            "names": (),
            "spool_dir": folder,
            **({} if "deadline_s" in set_by_user else {"deadline_s": _DEADLINE_S}),
        }
    )


async def _serve(settings: ServiceSettings) -> None:
    core = Core(settings)
    app = Boundary(build_app(core), core.metrics)
    server = Assistant(app, settings).server()
    await core.start()
    try:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
    finally:
        await core.stop()
