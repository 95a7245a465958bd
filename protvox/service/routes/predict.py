"""``/predict``: a structure in, the answer of the command line out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from protvox.service.core import core_of
from protvox.service.failures import client_gone
from protvox.service.http.uploads import Kind
from protvox.service.routes.answers import answer
from protvox.service.routes.documents import errors, structure_body
from protvox.service.schemas import (
    ClassifyOptions,
    ClassifyRequest,
    MutationOptions,
    MutationRequest,
)
from protvox.service.workers.engine import Results, Work

router: Final = APIRouter(prefix="/predict", tags=["predict"])

ERRORS: Final = (400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 502, 503)
"""What an address that takes a structure may answer besides 200."""


@router.post(
    "/cath",
    operation_id="predict_cath",
    summary="CATH architecture of every domain",
    response_class=Response,
    responses={**answer("cath"), **errors(*ERRORS)},
    openapi_extra=structure_body(ClassifyOptions, ClassifyRequest),
)
async def predict_cath(request: Request) -> Response:
    """Classify the domains of a structure: architectures and class with probabilities."""
    return await respond(request, "cath")


@router.post(
    "/environment",
    operation_id="predict_environment",
    summary="Probability of each amino acid at every residue",
    response_class=Response,
    responses={**answer("environment"), **errors(*ERRORS)},
    openapi_extra=structure_body(ClassifyOptions, ClassifyRequest),
)
async def predict_environment(request: Request) -> Response:
    """Predict the amino acid of every residue from its surroundings."""
    return await respond(request, "environment")


@router.post(
    "/mutations",
    operation_id="predict_mutations",
    summary="Scores of single mutations",
    response_class=Response,
    responses={**answer("mutations"), **errors(*ERRORS)},
    openapi_extra=structure_body(MutationOptions, MutationRequest),
)
async def predict_mutations(request: Request) -> Response:
    """Score mutations; positive is predicted destabilising."""
    return await respond(request, "mutations")


async def respond(request: Request, kind: Kind) -> Response:
    """Compute what a request asks for while its client waits.

    Parameters
    ----------
    request
        The request.
    kind
        Where it was sent to.

    Raises
    ------
    ProtvoxError
        What is wrong with the request or its structure, or that there is no room for it.
    """
    core = core_of(request)
    async with core.take_in(request, kind) as (reading, deadline):
        work = Work(reading.structure, reading.options, ("jsonl",), deadline)
        results = await _while_there(request, core.engine.predict(work))
    return Response(results["jsonl"], media_type="application/json")


async def _while_there(request: Request, prediction: Coroutine[Any, Any, Results]) -> Results:
    """Await a prediction for as long as the client is there to get it."""
    task = asyncio.create_task(prediction)
    gone = asyncio.create_task(_departure(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise client_gone()
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
