"""``/jobs``: predictions that take longer than a request."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, JSONResponse, Response

from protvox.service.core import core_of
from protvox.service.routes.documents import errors, structure_body
from protvox.service.schemas import Job, JobOptions, JobRequest

router: Final = APIRouter(prefix="/jobs", tags=["jobs"])

_MEDIA_TYPES: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "cif": "chemical/x-mmcif",
}
_JobId = Annotated[str, Path(max_length=64, description="Id from the response to `POST /jobs`.")]


@router.post(
    "",
    operation_id="create_job",
    summary="Predict a structure in the background",
    status_code=202,
    response_model=Job,
    responses=errors(400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 502, 503),
    openapi_extra=structure_body(JobOptions, JobRequest),
)
async def create_job(request: Request) -> Response:
    """Submit a job. Jobs with the same structure and options share one computation."""
    core = core_of(request)
    async with core.parse(request, "jobs") as (parsed, _, _):
        job = await core.jobs.add(parsed, request.state.client_id)
    address = request.url_for("get_job", job_id=job.id).path
    return JSONResponse(job.model_dump(mode="json"), 202, {"Location": address})


@router.get(
    "/{job_id}",
    operation_id="get_job",
    summary="State of a job",
    responses=errors(401, 403, 404, 422, 429, 500, 503),
)
async def get_job(request: Request, job_id: _JobId) -> Job:
    """Return the state of a job."""
    return await core_of(request).jobs.find(job_id, request.state.client_id)


@router.delete(
    "/{job_id}",
    operation_id="delete_job",
    summary="Cancel a job, or delete it with its results",
    status_code=204,
    responses=errors(401, 403, 404, 422, 429, 500, 503),
)
async def delete_job(request: Request, job_id: _JobId) -> None:
    """Cancel an unfinished job, or delete a finished one."""
    await core_of(request).jobs.cancel(job_id, request.state.client_id)


@router.get(
    "/{job_id}/results",
    operation_id="get_job_results",
    summary="Results of a finished job",
    response_class=FileResponse,
    responses={
        200: {
            "description": "The same bytes as the command line writes with this `--format`.",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
                "chemical/x-mmcif": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {
                    "schema": {"type": "string", "format": "binary"}
                },
            },
        },
        **errors(401, 403, 404, 409, 422, 429, 500, 503),
    },
)
async def get_job_results(
    request: Request,
    job_id: _JobId,
    form: Annotated[Literal["json", "csv", "parquet", "cif"], Query(alias="format")] = "json",
) -> Response:
    """Return the results as JSON, CSV or Parquet, or the structure with scores as B-factors."""
    path, found = await core_of(request).jobs.results(job_id, request.state.client_id, form)
    return FileResponse(
        path,
        media_type=_MEDIA_TYPES[form],
        filename=f"protvox.{form}",
        stat_result=found,
        headers={"Accept-Ranges": "none"},
    )
