"""From structures, or from embeddings, to an index."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.predict.classify import model_names
from protvox.predict.embedding.embed import embed
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.known_traces import KnownTraces
from protvox.predict.model_cache import load_domain_predictor
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.domain_option import DomainOption
from protvox.structure.io.read import read_structure

_NO_TRACE: Final = DomainTrace(np.empty((0, 3)))


class IndexBuilder:
    """Collect embedded domains for an index.

    Parameters
    ----------
    name
        What the index will hold, in words.
    domains
        How the domains of a file are found.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        A model to use in place of the released one.

    Raises
    ------
    ModelError
        If the model is missing or damaged, or no embedding was trained for it.
    """

    def __init__(
        self,
        name: str,
        *,
        domains: DomainOption = "auto",
        device: str = "auto",
        model: str | None = None,
    ) -> None:
        predictor = load_domain_predictor(model_names("cath", model)["cath"], device)
        self.name = name
        self.head: EmbeddingHead = predictor.released.head()
        self._reference = predictor.card.reference
        self._option, self._device, self._model = domains, device, model
        self._vectors: list[NDArray[np.float32]] = []
        self._domains: list[str] = []
        self._cath: list[str] = []
        self._traces: list[DomainTrace] = []

    def add_file(self, path: Path, name: str) -> None:
        """Add the domains of a structure file.

        Parameters
        ----------
        path
            The file.
        name
            Name of the file; its domains are called ``name A``, ``name A:1-90``.

        Raises
        ------
        InputError
            If it cannot be read, or contains no domain.
        """
        found = embed(
            read_structure(path), domains=self._option, device=self._device, model=self._model
        )
        self._vectors.append(found.vectors)
        self._domains += [f"{name} {domain.id}" for domain in found.domains]
        self._cath += [""] * len(found.domains)
        self._traces += [domain.trace or _NO_TRACE for domain in found.domains]

    def add_table(self, path: Path) -> None:
        """Add the rows of a table written by ``protvox embed``.

        Parameters
        ----------
        path
            Parquet file with the columns ``id``, ``domain``, ``head`` and ``embedding``, and
            ``cath`` if known.

        Raises
        ------
        InputError
            If it is not such a table (``index.table``).
        ModelError
            If it was made with another embedding (``index.model``).
        """
        import pyarrow.parquet as pq
        from pyarrow import ArrowException

        try:
            table = pq.read_table(path)
            heads = set(table.column("head").to_pylist())
            keys = zip(
                table.column("id").to_pylist(), table.column("domain").to_pylist(), strict=True
            )
            domains = [f"{name} {domain}" for name, domain in keys]
            vectors = table.column("embedding").combine_chunks()
            flat = vectors.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
            rows = flat.reshape(len(domains), self.head.width)
            if not np.isfinite(rows).all() or not rows.any(axis=1).all():
                raise ValueError("a vector has no direction")
            known = "cath" in table.column_names
            cath = table.column("cath").to_pylist() if known else [""] * len(domains)
        except (OSError, ArrowException, LookupError, ValueError, AttributeError) as error:
            raise fail("index.table", where=str(path), error=error) from error
        if heads - {self.head.sha256}:
            raise fail("index.model.table", where=str(path))
        self._vectors.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
        self._domains += domains
        self._cath += [code or "" for code in cath]
        self._traces += [_NO_TRACE] * len(domains)

    def build(self) -> Index:
        """Return the index of everything that was added.

        Raises
        ------
        InputError
            If nothing was added (``index.empty``).
        """
        width = self.head.width
        traces = KnownTraces.build(
            [trace.ca for trace in self._traces], [trace.sequence for trace in self._traces]
        )
        vectors = np.concatenate([np.empty((0, width), dtype=np.float32), *self._vectors])
        return Index.build(
            vectors,
            self._domains,
            self._cath,
            name=self.name,
            model=self._reference,
            head=self.head.sha256,
            traces=traces if len(traces.letters) else None,
        )
