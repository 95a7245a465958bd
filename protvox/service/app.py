"""The ASGI application: routes, guard and boundary."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, params
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from protvox import __version__
from protvox.errors import ProtvoxError
from protvox.predict.results.publish_schema import describe_documents
from protvox.service.core import Core, core_of
from protvox.service.http.boundary import Boundary
from protvox.service.http.problems import install_problem_handlers
from protvox.service.routes import check, embed, health, jobs, models, predict, suggest, v2
from protvox.service.routes.page import FOLDER, page_routes
from protvox.service.routes.responses import REF_TEMPLATE
from protvox.service.schemas import Problem
from protvox.service.settings import ServiceSettings, load_service_settings

_bearer = HTTPBearer(auto_error=False, description="API key, if the service requires one.")


async def _check(
    request: Request,
    # For the documentation only; the guard reads the header itself.
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    guard = core_of(request).guard
    request.state.client_id = guard.identify(request)
    guard.count(request.state.client_id)


def create_app(
    settings: ServiceSettings | None = None,
    folder: Path = FOLDER,
    on_start_error: Callable[[ProtvoxError], None] | None = None,
) -> ASGIApp:
    """Return the ASGI application.

    Parameters
    ----------
    settings
        Settings of the service; read from the environment by default.
    folder
        Folder with the files of the page.
    on_start_error
        Called with the error if no device can be used at the start; by default, all are tried
        again and again.

    Returns
    -------
    ASGI application
        To be served by uvicorn. Its child processes start with it.

    Raises
    ------
    UsageError
        If a setting is invalid.
    """
    core = Core(settings or load_service_settings(), on_start_error)
    return Boundary(build_app(core, folder), core.metrics)


def build_app(core: Core, folder: Path = FOLDER) -> FastAPI:
    """Return the application without its boundary.

    Parameters
    ----------
    core
        Child processes and queues; not started yet.
    folder
        Folder with the files of the page.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await core.start()
        try:
            yield
        finally:
            await core.stop()

    app = FastAPI(
        title="protvox",
        version=__version__,
        summary="Protein structures through steerable 3D neural networks.",
        lifespan=lifespan,
        # These pages load scripts from other sites.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.core = core
    install_problem_handlers(app)
    _include(app, health.health)
    _include(app, v2.health)
    for module in (predict, check, suggest, embed, jobs, models, v2):
        _include(app, module.router, Depends(_check))
    _include(app, health.metrics, Depends(_check))
    app.router.routes.extend(page_routes(folder))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    app.add_route("/openapi.json", _serve_openapi(app), include_in_schema=False)
    return app


def _include(app: FastAPI, router: APIRouter, *dependencies: params.Depends) -> None:
    """Add routes, which answer HEAD wherever they answer GET, as load balancers expect."""
    app.include_router(router, dependencies=dependencies)
    for route in router.routes:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            app.add_api_route(
                route.path,
                route.endpoint,
                methods=["HEAD"],
                dependencies=[*route.dependencies, *dependencies],
                response_model=route.response_model,
                include_in_schema=False,
            )


def _serve_openapi(app: FastAPI) -> Callable[[Request], Awaitable[Response]]:
    """Return the route of the description, which is encoded once: anyone may request it."""

    @cache
    def content() -> bytes:
        return bytes(JSONResponse(app.openapi()).body)

    async def serve(_request: Request) -> Response:
        return Response(content(), media_type="application/json")

    return serve


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas[Problem.__name__] = Problem.model_json_schema()
        schemas |= describe_documents(REF_TEMPLATE)
        app.openapi_schema = schema
    return app.openapi_schema
