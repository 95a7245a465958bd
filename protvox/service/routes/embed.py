"""``/embed`` and ``/search``: a structure in, vectors or known domains out."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from protvox.service.routes.answers import answer
from protvox.service.routes.documents import errors, structure_body
from protvox.service.routes.predict import ERRORS, respond
from protvox.service.schemas import EmbedOptions, EmbedRequest, SearchOptions, SearchRequest

router: Final = APIRouter(tags=["search"])


@router.post(
    "/embed",
    operation_id="embed",
    summary="Rotation-invariant vectors of domains or residues",
    response_class=Response,
    responses={**answer("embed"), **errors(*ERRORS)},
    openapi_extra=structure_body(EmbedOptions, EmbedRequest),
)
async def embed(request: Request) -> Response:
    """Embed the domains of a structure, or its residues."""
    return await respond(request, "embed")


@router.post(
    "/search",
    operation_id="search",
    summary="The known domains nearest to those of a structure",
    response_class=Response,
    responses={**answer("search"), **errors(*ERRORS)},
    openapi_extra=structure_body(SearchOptions, SearchRequest),
)
async def search(request: Request) -> Response:
    """Find the training domains nearest to every domain of a structure."""
    return await respond(request, "search")
