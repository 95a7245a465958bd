"""``/predict``: predictions for a structure."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from protvox.registry.tasks import BUILT_IN, task_names
from protvox.service.core import core_of
from protvox.service.http.disconnects import while_connected
from protvox.service.http.uploads import Route
from protvox.service.routes.documents import errors, structure_body
from protvox.service.routes.responses import describe_result
from protvox.service.schemas import (
    ClassifyOptions,
    ClassifyRequest,
    MutationOptions,
    MutationRequest,
)
from protvox.service.workers.work import Work

router: Final = APIRouter(prefix="/predict", tags=["predict"])

ERRORS: Final = (400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 502, 503)
"""Error statuses of the routes that take a structure."""


@router.post(
    "/cath",
    operation_id="predict_cath",
    summary="CATH architecture of every domain",
    response_class=Response,
    responses={**describe_result("cath"), **errors(*ERRORS)},
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
    responses={**describe_result("environment"), **errors(*ERRORS)},
    openapi_extra=structure_body(ClassifyOptions, ClassifyRequest),
)
async def predict_environment(request: Request) -> Response:
    """Predict the amino acid at every residue from its environment."""
    return await respond(request, "environment")


@router.post(
    "/mutations",
    operation_id="predict_mutations",
    summary="Scores of mutations",
    response_class=Response,
    responses={**describe_result("mutations"), **errors(*ERRORS)},
    openapi_extra=structure_body(MutationOptions, MutationRequest),
)
async def predict_mutations(request: Request) -> Response:
    """Score mutations; positive = predicted destabilising."""
    return await respond(request, "mutations")


def _add_task(task: str) -> None:
    """Add the address of a task of another package."""

    async def predict(request: Request) -> Response:
        return await respond(request, task)

    router.add_api_route(
        f"/{task}",
        predict,
        methods=["POST"],
        operation_id=f"predict_{task}",
        summary=f"Predictions of the task {task}",
        description="Predict with a model of another package; see `others` in the response.",
        response_class=Response,
        responses={**describe_result(task), **errors(*ERRORS)},
        openapi_extra=structure_body(ClassifyOptions, ClassifyRequest),
    )


for _task in task_names():
    if _task not in BUILT_IN:
        _add_task(_task)


async def respond(request: Request, route: Route) -> Response:
    """Compute the response to a request while its client waits.

    Parameters
    ----------
    request
        The request.
    route
        Address it was sent to.

    Raises
    ------
    ProtvoxError
        If the request or its structure is invalid, or the service is overloaded.
    """
    core = core_of(request)
    async with core.parse(request, route) as (parsed, deadline, spend):
        work = Work(
            parsed.structure,
            parsed.options,
            ("jsonl",),
            deadline,
            owner=request.state.client_id,
            cost=parsed.n_requested,
            spend=spend,
        )
        results = await while_connected(request, core.engine.predict(work))
    return Response(results["jsonl"], media_type="application/json")
