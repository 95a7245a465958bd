"""``/models``: the installed models."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request

from protvox.service.core import core_of
from protvox.service.routes.documents import errors
from protvox.service.schemas import ModelList

router: Final = APIRouter(tags=["models"])


@router.get(
    "/models",
    operation_id="list_models",
    summary="Installed models",
    responses=errors(401, 403, 429, 500, 503),
)
async def list_models(request: Request) -> ModelList:
    """List the models that requests may choose."""
    return ModelList.model_validate({"models": core_of(request).engine.models()})
