"""``/embed`` and ``/search``: embeddings and nearest known domains of a structure."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from protvox.service.routes.documents import errors, structure_body
from protvox.service.routes.predict import ERRORS, respond
from protvox.service.routes.responses import describe_result
from protvox.service.schemas import EmbedOptions, EmbedRequest, SearchOptions, SearchRequest

router: Final = APIRouter(tags=["search"])


@router.post(
    "/embed",
    operation_id="embed",
    summary="Rotation-invariant vectors of domains or residues",
    response_class=Response,
    responses={**describe_result("embed"), **errors(*ERRORS)},
    openapi_extra=structure_body(EmbedOptions, EmbedRequest),
)
async def embed(request: Request) -> Response:
    """Embed the domains or the residues of a structure."""
    return await respond(request, "embed")


@router.post(
    "/search",
    operation_id="search",
    summary="Known domains nearest to each domain of a structure",
    response_class=Response,
    responses={**describe_result("search"), **errors(*ERRORS)},
    openapi_extra=structure_body(SearchOptions, SearchRequest),
)
async def search(request: Request) -> Response:
    """Find the known domains nearest to each domain of a structure."""
    return await respond(request, "search")
