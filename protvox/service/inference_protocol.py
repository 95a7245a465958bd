"""Responses of ``/v2``, in the form of the Open Inference Protocol (KServe V2)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from protvox.service.released import released_model


class ServerMetadata(BaseModel):
    """Name and version of the service."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "protvox", "version": "1.0.0", "extensions": []}]}
    )

    name: str
    version: str
    extensions: list[str] = Field(default_factory=list)


class ServerLive(BaseModel):
    """Whether the service runs."""

    live: bool


class ServerReady(BaseModel):
    """Whether the service can predict."""

    ready: bool


class ModelReady(BaseModel):
    """Whether a model can predict."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "cath", "ready": True}]})

    name: str
    ready: bool


class ModelMetadata(BaseModel):
    """A model, in the form of the Open Inference Protocol."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "cath",
                    "versions": [released_model("cath")["version"]],
                    "platform": "protvox",
                    "inputs": [],
                    "outputs": [],
                    "parameters": {"predict": "/predict/cath"},
                }
            ]
        }
    )

    name: str
    versions: list[str]
    platform: str
    inputs: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Empty: the models take structures, not tensors; see `parameters`.",
    )
    outputs: list[dict[str, Any]] = Field(default_factory=list, description="Empty, as `inputs`.")
    parameters: dict[str, str] = Field(
        description="`predict`: the address that predicts with this model."
    )


class ModelMetadataList(BaseModel):
    """The installed models."""

    models: list[ModelMetadata]
