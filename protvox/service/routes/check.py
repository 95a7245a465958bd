"""``/check``: what may be wrong with a model."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from protvox.service.routes.documents import errors, structure_body
from protvox.service.routes.predict import ERRORS, respond
from protvox.service.routes.responses import describe_result
from protvox.service.schemas import CheckOptions, CheckRequest

router: Final = APIRouter(tags=["check"])


@router.post(
    "/check",
    operation_id="check",
    summary="What may be wrong with a model",
    response_class=Response,
    responses={**describe_result("check"), **errors(*ERRORS)},
    openapi_extra=structure_body(CheckOptions, CheckRequest),
)
async def check(request: Request) -> Response:
    """Find stretches and residues of a structure whose sequence does not fit."""
    return await respond(request, "check")
