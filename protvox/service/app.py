"""The application: routes, guard and boundary put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp

from protvox import __version__
from protvox.service.core import Core, core_of
from protvox.service.http.boundary import Boundary
from protvox.service.http.problems import install_problem_handlers
from protvox.service.routes import embed, health, jobs, models, predict
from protvox.service.routes.page import FOLDER, page_routes
from protvox.service.schemas import Problem
from protvox.service.settings import ServiceSettings, load_service_settings

_bearer = HTTPBearer(auto_error=False, description="An API key, where the service asks for one.")


async def _check(
    request: Request,
    # Only for the documentation: the guard reads the header itself.
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    guard = core_of(request).guard
    request.state.who = guard.identify(request)
    guard.count(request.state.who)


def create_app(settings: ServiceSettings | None = None, folder: Path = FOLDER) -> ASGIApp:
    """Return the application.

    Parameters
    ----------
    settings
        From the environment by default.
    folder
        Files of the page.

    Returns
    -------
    ASGI application
        For uvicorn; its child processes start with it.

    Raises
    ------
    UsageError
        If the settings cannot be understood.
    """
    core = Core(settings or load_service_settings())

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
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.core = core
    install_problem_handlers(app)
    app.include_router(health.health)
    for router in (predict.router, embed.router, jobs.router, models.router, health.metrics):
        app.include_router(router, dependencies=[Depends(_check)])
    app.router.routes.extend(page_routes(folder))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return Boundary(app, core.metrics)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas[Problem.__name__] = Problem.model_json_schema()
        app.openapi_schema = schema
    return app.openapi_schema
