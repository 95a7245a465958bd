"""Request bodies, and responses other than predictions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints

from protvox.service.job_task import StoredTask, Task
from protvox.service.released import released_model

JobState = Literal["queued", "running", "done", "failed", "cancelled"]

_Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Chain = Annotated[str, StringConstraints(min_length=1, max_length=16)]
_Chopping = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_Mutation = Annotated[str, StringConstraints(max_length=1000)]
_Fasta = Annotated[str, StringConstraints(max_length=200_000)]
_LINE = "ATOM      1  N   MET A   1      27.340  24.430   2.614  1.00  9.67           N"


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


class StructureOptions(BaseModel):
    """Options of every request: how to read the structure, and which chain of it to use."""

    model_config = ConfigDict(extra="forbid")

    chain: _Chain | None = Field(
        default=None,
        description="Predict this chain only. Other chains still form its environment.",
        examples=["A"],
    )
    model_number: int | None = Field(
        default=None,
        ge=-(2**31),
        lt=2**31,
        description="Model of the file to read, for NMR ensembles; the first by default.",
    )
    assembly: _Short | None = Field(
        default=None,
        description="Biological assembly to build from the file; copies of chain A are called A-2, "
        "A-3, ... By default the coordinates of the file.",
        examples=["1"],
    )
    unique: bool = Field(
        default=False,
        description="Predict one of several identical chains; for the others, `input.same_as` "
        "names it.",
    )


class CheckOptions(StructureOptions):
    """Options of ``protvox check``."""

    sequence: _Fasta | None = Field(
        default=None,
        description="Sequences that the chains should have, in FASTA. By default those that the "
        "structure declares, or else those of the model.",
        examples=[">lysozyme\nKVFGRCELAAAMKRHGLDNYRGYSLGNWVCAAKFESNFNTQATNRNTDGSTDYGILQINSRWW"],
    )


class Options(StructureOptions):
    """Options of predictions."""

    model: _Short | None = Field(
        default=None,
        description="Name of a model to use instead of the released one.",
        examples=[released_model(name)["reference"] for name in ("cath", "environment")],
    )
    plddt: float = Field(
        default=50.0,
        ge=0,
        le=100,
        description="Predicted models: residues with a lower pLDDT are disordered: they are kept "
        "out of domains and flagged. 0 for none.",
    )


class EnvironmentOptions(Options):
    """Options of predictions that rest on environments."""

    hide_disordered: bool = Field(
        default=False,
        description="Hide disordered residues from the environments of others.",
    )


class ClassifyOptions(EnvironmentOptions):
    """Options of ``protvox classify``."""

    domains: Annotated[list[_Chopping], FailFast()] = Field(
        default_factory=list,
        max_length=200,
        examples=[["A:1-90,120-150"]],
        description="`auto` (default): split every chain into domains. `chain`: every chain is one "
        "domain. Otherwise the domains to classify, by author residue numbers.",
    )
    top_k: int = Field(default=5, ge=1, le=1000, description="Number of architectures per domain.")
    traces: bool = Field(
        default=False,
        description="Return the CA atoms of the aligned known domains, moved onto the structure, "
        "as `alignment.ca`.",
    )


class DomainOptions(Options):
    """Choice of domains."""

    domains: Annotated[list[_Chopping], FailFast()] = Field(
        default_factory=list,
        max_length=200,
        examples=[["A:1-90,120-150"]],
        description="Domains, as in `/predict/cath`.",
    )


class EmbedOptions(DomainOptions, EnvironmentOptions):
    """Options of ``protvox embed``."""

    per: Literal["domain", "residue"] = Field(
        default="domain", description="Whether to embed domains or residues."
    )


class SearchOptions(DomainOptions):
    """Options of ``protvox search``."""

    top: int = Field(default=20, ge=1, le=1000, description="Number of neighbours per domain.")
    sort: Literal["similarity", "tm"] = Field(
        default="similarity",
        description="Order of the neighbours: by similarity of the embeddings, or those that are "
        "aligned by the mean of both TM-scores.",
    )
    traces: bool = Field(
        default=False,
        description="Return the CA atoms of the aligned known domains, moved onto the structure, "
        "as `alignment.ca`.",
    )


class MutationOptions(EnvironmentOptions):
    """Options of ``protvox mutations``."""

    mutations: Annotated[list[_Mutation], FailFast()] = Field(
        default_factory=list,
        max_length=50_000,
        examples=[["A:45W", "A:F45A+A:L50A"]],
        description="Mutations to score, or the lines of a list, with or without a header; every "
        "substitution by default.",
    )
    networks: Literal["both", "environment", "backbone"] = Field(
        default="both", description="Networks that score the mutations."
    )
    tied: bool | None = Field(
        default=None,
        description="Mutate all identical chains at once, in one row with mean scores; by default "
        "in a scan of all chains, and not in a list.",
    )
    binding: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None,
        examples=["A,B|C"],
        description="Score the binding of these chains as well, here of A and B to C.",
    )


class SuggestOptions(EnvironmentOptions):
    """Options of ``protvox suggest``."""

    top: int = Field(default=30, ge=1, le=100_000, description="Number of residues.")
    exclude: Annotated[str, StringConstraints(max_length=60)] = Field(
        default="", examples=["CP"], description="New amino acids that are not suggested."
    )
    fix: Annotated[list[_Chopping], FailFast()] = Field(
        default_factory=list,
        max_length=200,
        examples=[["A:57,102"]],
        description="Residues that stay.",
    )
    keep_away: Annotated[list[_Short], FailFast()] = Field(
        default_factory=list,
        max_length=200,
        examples=[["LIGAND:5"]],
        description="Residues that stay because they are within a distance in Å of `LIGAND`, "
        "`METAL`, `NUCLEIC`, `INTERFACE` or a residue name.",
    )
    skip_flagged: bool = Field(default=False, description="Suggest nothing for flagged residues.")
    networks: Literal["both", "environment", "backbone"] = Field(
        default="both", description="Networks that score the mutations."
    )


class JobOptions(ClassifyOptions, MutationOptions, CheckOptions):
    """Options of a job."""

    task: Task = Field(default="all", description="What to predict.")


class Source(BaseModel):
    """A structure, as text or by identifier."""

    structure: str | None = Field(
        default=None, description="Content of a PDB or mmCIF file.", examples=[_LINE]
    )
    id: _Short | None = Field(
        default=None,
        description="Identifier in the PDB or the AlphaFold database, or UniProt accession of its "
        "model.",
        examples=["1pwc", "AF-P12345-F1", "P12345"],
    )
    format: Literal["pdb", "mmcif"] | None = Field(
        default=None, description="Format of the text; detected by default."
    )
    name: Annotated[str, StringConstraints(max_length=255)] | None = Field(
        default=None, description="Name of the structure in the response."
    )


class ClassifyRequest(ClassifyOptions, Source):
    """A structure to classify."""


class EmbedRequest(EmbedOptions, Source):
    """A structure to embed."""


class SearchRequest(SearchOptions, Source):
    """A structure whose neighbours to find."""


class MutationRequest(MutationOptions, Source):
    """A structure whose mutations to score."""


class SuggestRequest(SuggestOptions, Source):
    """A structure to suggest mutations of."""


class CheckRequest(CheckOptions, Source):
    """A structure to check."""


class JobRequest(JobOptions, Source):
    """A structure to predict in the background."""


class Job(BaseModel):
    """State of a job."""

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
        options={"chain": "A"},
        error=None,
    )

    id: str
    state: JobState
    task: StoredTask
    name: str = Field(description="Name of the structure.")
    n_residues: int
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    expires: datetime | None = Field(
        default=None, description="Time at which the results will be deleted."
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of the prediction that differ from the defaults, without the list "
        "of mutations.",
    )
    error: dict[str, str | None] | None = Field(
        default=None, description="Reason of a failure: code, what, where and remedy."
    )


class Problem(BaseModel):
    """An error in the form of RFC 9457, with the same code as on the command line."""

    model_config = _example(
        type="urn:protvox:error:input.chain",
        title="Invalid request or structure",
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
    code: str = Field(description="Stable code, the same as on the command line.")
    what: str
    where: str | None = None
    remedy: str | None = None
    request_id: str
    errors: list[dict[str, str]] = Field(
        default_factory=list, description="Fields that do not match the schema."
    )


class ModelSummary(BaseModel):
    """An installed model."""

    name: str
    version: str
    reference: str = Field(description="name@version, as in the results.")
    task: str
    summary: str


class ModelList(BaseModel):
    """The installed models."""

    model_config = _example(models=[released_model("cath"), released_model("environment")])

    models: list[ModelSummary]


class Health(BaseModel):
    """State of the service."""

    model_config = _example(status="ok", devices=[{"device": "cpu", "ready": True, "computing": 0}])

    status: Literal["ok", "starting"]
    devices: list[dict[str, Any]] = Field(default_factory=list)
