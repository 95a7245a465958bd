"""The Python front door: what a notebook needs, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from protvox.structure.domain_option import parse_domain_option
from protvox.structure.io.read import read_structure
from protvox.structure.selection import Selection
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    from protvox.predict.embedding.embeddings import Embeddings
    from protvox.predict.mutations.mutation_list import Mutation
    from protvox.predict.mutations.scores import MutationScores
    from protvox.predict.results.prediction import Prediction
    from protvox.predict.search.results import SearchResult

Per = Literal["domain", "residue"]


def classify(
    source: Structure | str | Path | bytes,
    *,
    task: str = "all",
    domains: str | Sequence[Selection | str] | None = "auto",
    chain: str | None = None,
    top_k: int = 5,
    device: str = "auto",
    model: str | None = None,
) -> Prediction:
    """Predict amino-acid environments and CATH architecture of a structure.

    Parameters
    ----------
    source
        A structure already read, or anything `protvox.read_structure` takes: a path, an
        identifier, bytes.
    task
        What to predict.
    domains
        ``"auto"`` splits every chain into domains, ``"chain"`` takes it as one; or the domains
        to classify, ``"A:1-90,120-150"`` each.
    chain
        Answer for this chain only; the others stay as its surroundings.
    top_k
        Architectures to keep for each domain.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        Name of a model to use instead of the released ones.

    Returns
    -------
    Prediction
        Answer with ``to_json()`` and ``to_pandas()``.

    Raises
    ------
    UsageError
        If an option cannot be meant.
    InputError
        If the structure cannot be read or has nothing to predict.
    ModelError
        If a model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox.predict.classify import classify

    structure = source if isinstance(source, Structure) else read_structure(source)
    division = parse_domain_option(domains)
    return classify(
        structure,
        task=task,
        domains=division,
        chain=chain,
        top_k=top_k,
        device=device,
        model=model,
    )


def mutations(
    source: Structure | str | Path | bytes,
    mutations: str | Path | Sequence[str | Mutation] | None = None,
    *,
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
) -> MutationScores:
    """Score single mutations of a structure.

    Parameters
    ----------
    source
        See `classify`.
    mutations
        What to score: ``["A:45W", "A:L50F", "A:52AW"]`` (chain, wild type to be checked if
        given, number, insertion code if any, mutant), or the path of a CSV file with columns
        ``chain``, ``number``, ``mutant`` and, if known, ``insertion_code`` and ``wild_type``.
        Every substitution of every residue by default.
    chain
        Only this chain; the others stay as its surroundings.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        Name of an environment model to use instead of the released one.

    Returns
    -------
    MutationScores
        With ``to_pandas()``, ``to_json()`` and ``matrix`` (``residue 20``); scores are log odds
        in nats, positive = predicted destabilising. What could not be scored is in
        ``failures``.

    Raises
    ------
    InputError
        If the structure or the list cannot be read, or no mutation can be scored.
    ModelError
        If the model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox.predict.mutations.score import score_mutations

    structure = source if isinstance(source, Structure) else read_structure(source)
    return score_mutations(structure, mutations, chain=chain, device=device, model=model)


def embed(
    source: Structure | str | Path | bytes,
    *,
    per: Per = "domain",
    domains: str | Sequence[Selection | str] | None = "auto",
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
) -> Embeddings:
    """Embed the domains or the residues of a structure.

    Parameters
    ----------
    source
        See `classify`.
    per
        ``"domain"``: vectors of length 1, near for domains of one fold; ``"residue"``: the
        features of every residue's environment, which does not hold its own side chain.
    domains, chain, device
        See `classify`.
    model
        Name of a model to use instead of the released one.

    Returns
    -------
    Embeddings
        With ``vectors()`` (``domain axis`` or ``residue axis`` float32), ``to_pandas()`` and
        ``to_json()``; independent of the pose of the file.

    Raises
    ------
    InputError
        If the structure cannot be read or has nothing to embed.
    ModelError
        If a model is missing or damaged, or no embedding was trained for it.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox.predict.embedding.embed import embed

    structure = source if isinstance(source, Structure) else read_structure(source)
    return embed(
        structure,
        per=per,
        domains=parse_domain_option(domains),
        chain=chain,
        device=device,
        model=model,
    )


def search(
    source: Structure | str | Path | bytes,
    *,
    index: str | Path | None = None,
    top_k: int = 20,
    domains: str | Sequence[Selection | str] | None = "auto",
    chain: str | None = None,
    device: str = "auto",
    model: str | None = None,
) -> SearchResult:
    """Find the known domains nearest to those of a structure.

    Parameters
    ----------
    source
        See `classify`.
    index
        File from ``protvox index build``; the training domains of the released model by
        default.
    top_k
        Neighbours of each domain, at least 1.
    domains, chain, device
        See `classify`.
    model
        Name of a model to use instead of the released one.

    Returns
    -------
    SearchResult
        With ``to_pandas()``, ``to_json()`` and ``domains``, each with its ``nearest``.

    Raises
    ------
    InputError
        If the structure cannot be read or has no domain to search for.
    ModelError
        If the index or a model is missing, damaged, or they do not belong together.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox.predict.search.search import search

    structure = source if isinstance(source, Structure) else read_structure(source)
    return search(
        structure,
        index=None if index is None else Path(index),
        top_k=top_k,
        domains=parse_domain_option(domains),
        chain=chain,
        device=device,
        model=model,
    )


@dataclass(frozen=True, slots=True)
class Model:
    """One model, loaded.

    Attributes
    ----------
    name
        ``name@version``.
    task
        ``"cath"`` or ``"environment"``.
    device
        Where it computes.
    """

    name: str
    task: str
    device: str

    def predict(
        self,
        source: Structure | str | Path | bytes,
        *,
        domains: str | Sequence[Selection | str] | None = "auto",
        chain: str | None = None,
        top_k: int = 5,
    ) -> Prediction:
        """Predict with this model alone.

        Parameters
        ----------
        source, domains, chain, top_k
            See `classify`.

        Returns
        -------
        Prediction
            With residues or domains, by the task of the model.

        Raises
        ------
        InputError
            If the structure cannot be read or has nothing to predict.
        DeviceError
            If the device is out of memory.
        """
        return classify(
            source,
            task=self.task,
            domains=domains,
            chain=chain,
            top_k=top_k,
            device=self.device,
            model=self.name,
        )

    def embed(
        self,
        source: Structure | str | Path | bytes,
        *,
        domains: Sequence[Selection | str] | None = None,
        chain: str | None = None,
    ) -> Embeddings:
        """Embed with this model: domains by a CATH model, residues by an environment model.

        Parameters
        ----------
        source, domains, chain
            See `embed`.

        Returns
        -------
        Embeddings
            Of domains or residues, by the task of the model.

        Raises
        ------
        InputError
            If the structure cannot be read or has nothing to embed.
        ModelError
            If no embedding was trained for the model.
        DeviceError
            If the device is out of memory.
        """
        from protvox.predict.task import prediction_task

        per: Per = prediction_task(self.task).embeds or "domain"
        return embed(
            source, per=per, domains=domains, chain=chain, device=self.device, model=self.name
        )


def load(name: str, device: str = "auto") -> Model:
    """Load a model by name; one once loaded is kept.

    Parameters
    ----------
    name
        ``"cath"``, ``"environment"``, or another of ``protvox models list``.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    Model
        ``protvox.load("cath").predict("1abc.pdb")``.

    Raises
    ------
    ModelError
        If there is no such model, or it is damaged.
    DeviceError
        If the device is missing.
    """
    from protvox.predict.model_cache import load_predictor

    card = load_predictor(name, device).card
    return Model(card.reference, card.task, device)
