"""``/suggest``: mutations that may stabilise."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from protvox.service.routes.documents import errors, structure_body
from protvox.service.routes.predict import ERRORS, respond
from protvox.service.routes.responses import describe_result
from protvox.service.schemas import SuggestOptions, SuggestRequest

router: Final = APIRouter(tags=["suggest"])


@router.post(
    "/suggest",
    operation_id="suggest",
    summary="Mutations that may stabilise",
    response_class=Response,
    responses={**describe_result("suggest"), **errors(*ERRORS)},
    openapi_extra=structure_body(SuggestOptions, SuggestRequest),
)
async def suggest(request: Request) -> Response:
    """Suggest mutations that may stabilise a structure, one per residue, best first."""
    return await respond(request, "suggest")
