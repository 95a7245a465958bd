"""What clients send and get, as far as it is not a prediction."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints

from protvox.service.released import released

Task = Literal["all", "cath", "environment", "mutations"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]

_Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Chain = Annotated[str, StringConstraints(min_length=1, max_length=16)]
_Chopping = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_Mutation = Annotated[str, StringConstraints(min_length=1, max_length=50)]
_LINE = "ATOM      1  N   MET A   1      27.340  24.430   2.614  1.00  9.67           N"


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


class Options(BaseModel):
    """What every answer can be asked for."""

    model_config = ConfigDict(extra="forbid")

    chain: _Chain | None = Field(
        default=None,
        description="Answer for this chain only; the others stay as surroundings.",
        examples=["A"],
    )
    model: _Short | None = Field(
        default=None,
        description="Model to use instead of the released one.",
        examples=[released(name)["reference"] for name in ("cath", "environment")],
    )
    model_number: int | None = Field(
        default=None,
        ge=-(2**31),
        lt=2**31,
        description="Model of the file to read, for NMR ensembles; the first by default.",
    )


class ClassifyOptions(Options):
    """What to answer, as with ``protvox classify``."""

    domains: Annotated[list[_Chopping], FailFast()] = Field(
        default_factory=list,
        max_length=200,
        examples=[["A:1-90,120-150"]],
        description="auto alone: the domains found in every chain, as by default; chain alone: "
        "every chain as it is; or the domains to classify, by author numbers.",
    )
    top_k: int = Field(
        default=5, ge=1, le=1000, description="Architectures to keep for each domain."
    )


class DomainOptions(Options):
    """Which domains to answer for."""

    domains: Annotated[list[_Chopping], FailFast()] = Field(
        default_factory=list,
        max_length=200,
        examples=[["A:1-90,120-150"]],
        description="Domains as in `/predict/cath`.",
    )


class EmbedOptions(DomainOptions):
    """What to answer, as with ``protvox embed``."""

    per: Literal["domain", "residue"] = Field(default="domain", description="What a vector is of.")


class SearchOptions(DomainOptions):
    """What to answer, as with ``protvox search``."""

    top: int = Field(default=20, ge=1, le=1000, description="Neighbours of each domain.")


class MutationOptions(Options):
    """What to answer, as with ``protvox mutations``."""

    mutations: Annotated[list[_Mutation], FailFast()] = Field(
        default_factory=list,
        max_length=50_000,
        examples=[["A:45W", "A:L50F"]],
        description="Mutations to score; every substitution by default.",
    )


class JobOptions(ClassifyOptions, MutationOptions):
    """What a job is to do."""

    task: Task = Field(default="all", description="What to predict.")


class Source(BaseModel):
    """A structure, as text or by identifier."""

    structure: str | None = Field(
        default=None, description="Content of a PDB or mmCIF file.", examples=[_LINE]
    )
    id: _Short | None = Field(
        default=None,
        description="Identifier in the PDB or the AlphaFold database.",
        examples=["1pwc", "AF-P12345-F1"],
    )
    format: Literal["pdb", "mmcif"] | None = Field(
        default=None, description="What the text is; told from the text by default."
    )
    name: Annotated[str, StringConstraints(max_length=255)] | None = Field(
        default=None, description="What to call the structure in the answer."
    )


class ClassifyRequest(ClassifyOptions, Source):
    """A structure, and what to classify."""


class EmbedRequest(EmbedOptions, Source):
    """A structure to embed."""


class SearchRequest(SearchOptions, Source):
    """A structure whose neighbours are wanted."""


class MutationRequest(MutationOptions, Source):
    """A structure, and its mutations."""


class JobRequest(JobOptions, Source):
    """A structure, and what a job is to do with it."""


class Job(BaseModel):
    """One job and how far it is."""

    model_config = _example(
        id="q3Yf0mZ1bVJ9pXo2sD8k7w",
        state="done",
        task="all",
        name="1pwc",
        n_residues=345,
        created="2026-11-25T12:00:00Z",
        started="2026-11-25T12:00:01Z",
        finished="2026-11-25T12:00:05Z",
        expires="2026-11-26T12:00:05Z",
        error=None,
    )

    id: str
    state: JobState
    task: Task
    name: str = Field(description="Of the structure.")
    n_residues: int
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    expires: datetime | None = Field(default=None, description="When the results are deleted.")
    error: dict[str, str | None] | None = Field(
        default=None, description="Why it failed: code, what, where and remedy."
    )


class Problem(BaseModel):
    """An error by RFC 9457, with the code the command line has for it."""

    model_config = _example(
        type="urn:protvox:error:input.chain",
        title="The request or the structure cannot be used",
        status=422,
        detail="1ubi.pdb: chain Z does not exist. Choose one of: A.",
        code="input.chain",
        what="chain Z does not exist",
        where="1ubi.pdb",
        remedy="Choose one of: A",
        request_id="4175974bd52f1eb3",
    )

    type: str = Field(description="Identifies the kind of error.")
    title: str
    status: int
    detail: str = Field(description="What is wrong, where, and what to do.")
    code: str = Field(description="Stable code, the same as in the command line.")
    what: str
    where: str | None = None
    remedy: str | None = None
    request_id: str
    errors: list[dict[str, str]] = Field(
        default_factory=list, description="The fields that do not fit the schema."
    )


class ModelSummary(BaseModel):
    """One model at hand."""

    name: str
    version: str
    reference: str = Field(description="name@version, as in the answers.")
    task: str
    summary: str


class ModelList(BaseModel):
    """The models at hand."""

    model_config = _example(models=[released("cath"), released("environment")])

    models: list[ModelSummary]


class Health(BaseModel):
    """How the service is."""

    model_config = _example(status="ok", devices=[{"device": "cpu", "ready": True, "computing": 0}])

    status: Literal["ok", "starting"]
    devices: list[dict[str, Any]] = Field(default_factory=list)
