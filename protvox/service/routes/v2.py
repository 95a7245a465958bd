"""``/v2``: health and models as KServe and NVIDIA NIM name them (Open Inference Protocol)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from protvox import __version__
from protvox.registry.tasks import SUPPORTING
from protvox.service.core import core_of
from protvox.service.failures import refuse
from protvox.service.inference_protocol import (
    ModelMetadata,
    ModelMetadataList,
    ModelReady,
    ServerLive,
    ServerMetadata,
    ServerReady,
)
from protvox.service.routes.documents import RETRY_AFTER, errors

health: Final = APIRouter(tags=["v2"])
router: Final = APIRouter(tags=["v2"])

_LOADING_S: Final = 5
_ERRORS: Final = (401, 403, 429, 500, 503)
_Name = Annotated[
    str, Path(min_length=1, max_length=100, description="Name of a model.", examples=["cath"])
]


@health.get("/v2", operation_id="v2_server", summary="Name and version of the service")
async def server() -> ServerMetadata:
    """Return the name and version of the service."""
    return ServerMetadata(name="protvox", version=__version__)


@health.get("/v2/health/live", operation_id="v2_live", summary="Whether the service runs")
async def live() -> ServerLive:
    """Respond at once, as `/health/live` does."""
    return ServerLive(live=True)


@health.get(
    "/v2/health/ready",
    operation_id="v2_ready",
    summary="Whether the service can predict",
    response_model=ServerReady,
    responses={
        503: {
            "description": "The models are being loaded.",
            "model": ServerReady,
            "headers": {"Retry-After": RETRY_AFTER},
        }
    },
)
async def ready(request: Request) -> Response:
    """Report whether at least one model process is ready, as `/health/ready` does."""
    if core_of(request).engine.is_ready:
        return JSONResponse({"ready": True})
    return JSONResponse({"ready": False}, 503, {"Retry-After": str(_LOADING_S)})


@router.get(
    "/v2/models",
    operation_id="v2_models",
    summary="Metadata of every installed model",
    responses=errors(*_ERRORS),
)
async def models(request: Request) -> ModelMetadataList:
    """List the models, with the address that predicts with each."""
    return ModelMetadataList(models=_installed(request))


@router.get(
    "/v2/models/{name}",
    operation_id="v2_model",
    summary="Metadata of a model",
    responses=errors(404, 422, *_ERRORS),
)
async def model(request: Request, name: _Name) -> ModelMetadata:
    """Return the versions of a model and the address that predicts with it."""
    for one in _installed(request):
        if one.name == name:
            return one
    raise refuse("request.model", where=name, status=404)


@router.get(
    "/v2/models/{name}/ready",
    operation_id="v2_model_ready",
    summary="Whether a model can predict",
    responses=errors(404, 422, *_ERRORS),
)
async def model_ready(request: Request, name: _Name) -> ModelReady:
    """Report that a model is loaded; until then, the status is 503."""
    return ModelReady(name=(await model(request, name)).name, ready=True)


def _installed(request: Request) -> list[ModelMetadata]:
    """Return the metadata of the installed models, once a model process is ready."""
    engine = core_of(request).engine
    found = engine.models()
    if not engine.is_ready:
        raise refuse("service.starting", status=503, retry_after=_LOADING_S)
    names = dict.fromkeys(one["name"] for one in found)
    return [
        ModelMetadata(
            name=name,
            versions=[one["version"] for one in found if one["name"] == name],
            platform="protvox",
            parameters={"predict": _address(next(o["task"] for o in found if o["name"] == name))},
        )
        for name in names
    ]


def _address(task: str) -> str:
    """Return the address that predicts with the models of a task."""
    return "/predict/mutations" if task in SUPPORTING else f"/predict/{task}"
