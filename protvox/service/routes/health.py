"""``/health`` and ``/metrics``, for operators of the service."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from protvox.service.core import core_of
from protvox.service.metrics import CONTENT_TYPE
from protvox.service.routes.documents import RETRY_AFTER, errors
from protvox.service.schemas import Health

health: Final = APIRouter(tags=["health"])
metrics: Final = APIRouter(tags=["health"])

_LOADING_S: Final = 5


@health.get("/health/live", operation_id="health_live", summary="Whether the service runs")
async def live() -> Health:
    """Respond at once, whether or not the models are loaded."""
    return Health(status="ok")


@health.get(
    "/health/ready",
    operation_id="health_ready",
    summary="Whether the service can predict",
    response_model=Health,
    responses={
        503: {
            "description": "The models are being loaded.",
            "model": Health,
            "headers": {"Retry-After": RETRY_AFTER},
        }
    },
)
async def ready(request: Request) -> Response:
    """Report whether at least one model process is ready."""
    engine = core_of(request).engine
    state = Health(status="ok" if engine.is_ready else "starting", devices=engine.device_states())
    if engine.is_ready:
        return JSONResponse(state.model_dump())
    return JSONResponse(state.model_dump(), 503, {"Retry-After": str(_LOADING_S)})


@metrics.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **errors(401, 403, 429, 500),
    },
)
async def read_metrics(request: Request) -> Response:
    """Return the metrics in the text format of Prometheus."""
    await core_of(request).jobs.count()
    return Response(core_of(request).metrics.text(), media_type=CONTENT_TYPE)
