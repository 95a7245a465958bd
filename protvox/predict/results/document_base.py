"""The base class of all JSON documents, see `protvox.predict.results.json_documents`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """A JSON object written by protvox."""

    model_config = ConfigDict(
        frozen=True,
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )

    @classmethod
    def plain(cls, **fields: Any) -> dict[str, Any]:
        """Return a document as plain Python values in the order of the model.

        Parameters
        ----------
        fields
            Records for the fields of the model. They are not validated.
        """
        return cls.model_construct(**fields).model_dump(mode="json")
