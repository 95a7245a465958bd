"""Models by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from protvox.api.functions import Domains, Per, classify, embed
from protvox.api.sources import Source, Sources

if TYPE_CHECKING:
    from protvox.predict.embedding.embeddings import Embeddings
    from protvox.predict.results.prediction import Prediction
    from protvox.registry.installed import ModelInfo


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model.

    Attributes
    ----------
    name
        ``name@version``.
    task
        Its task, e.g. ``"cath"`` or ``"environment"``.
    device
        Device that it computes on.
    """

    name: str
    task: str
    device: str

    @overload
    def predict(
        self,
        source: Source,
        *,
        domains: Domains = ...,
        chain: str | None = ...,
        top_k: int = ...,
        plddt: float = ...,
        hide_disordered: bool = ...,
    ) -> Prediction: ...

    @overload
    def predict(
        self,
        source: Sources,
        *,
        domains: Domains = ...,
        chain: str | None = ...,
        top_k: int = ...,
        plddt: float = ...,
        hide_disordered: bool = ...,
    ) -> list[Prediction]: ...

    def predict(
        self,
        source: Source | Sources,
        *,
        domains: Domains = "auto",
        chain: str | None = None,
        top_k: int = 5,
        plddt: float = 50.0,
        hide_disordered: bool = False,
    ) -> Prediction | list[Prediction]:
        """Predict with this model only.

        Parameters
        ----------
        source, domains, chain, top_k, plddt, hide_disordered
            See `protvox.classify`.

        Returns
        -------
        Prediction
            With domains or residues, depending on the task; for a list, a list of these.

        Raises
        ------
        InputError
            If the structure cannot be read, or nothing in it can be predicted.
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
            plddt=plddt,
            hide_disordered=hide_disordered,
        )

    @overload
    def embed(
        self,
        source: Source,
        *,
        domains: Domains = ...,
        chain: str | None = ...,
        plddt: float = ...,
        hide_disordered: bool = ...,
    ) -> Embeddings: ...

    @overload
    def embed(
        self,
        source: Sources,
        *,
        domains: Domains = ...,
        chain: str | None = ...,
        plddt: float = ...,
        hide_disordered: bool = ...,
    ) -> list[Embeddings]: ...

    def embed(
        self,
        source: Source | Sources,
        *,
        domains: Domains = "auto",
        chain: str | None = None,
        plddt: float = 50.0,
        hide_disordered: bool = False,
    ) -> Embeddings | list[Embeddings]:
        """Embed domains (with a CATH model) or residues (with an environment model).

        Parameters
        ----------
        source, domains, chain, plddt, hide_disordered
            See `protvox.embed`.

        Returns
        -------
        Embeddings
            Of domains or residues, depending on the task; for a list, a list of these.

        Raises
        ------
        InputError
            If the structure cannot be read, or nothing in it can be embedded.
        ModelError
            If the model has no embedding.
        DeviceError
            If the device is out of memory.
        """
        from protvox.predict.task import prediction_task

        per: Per = prediction_task(self.task).embeds or "domain"
        return embed(
            source,
            per=per,
            domains=domains,
            chain=chain,
            device=self.device,
            model=self.name,
            plddt=plddt,
            hide_disordered=hide_disordered,
        )


def load(name: str, device: str = "auto") -> Model:
    """Load a model. Models stay in memory, so loading one again is fast.

    Parameters
    ----------
    name
        ``"cath"``, ``"environment"``, or another name from `models`.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    Model
        With ``predict`` and ``embed``.

    Raises
    ------
    ModelError
        If the model does not exist or is damaged.
    DeviceError
        If the device is missing.

    Examples
    --------
    >>> protvox.load("cath").predict("1pwc")  # doctest: +SKIP
    """
    from protvox.predict.model_cache import load_predictor

    card = load_predictor(name, device).card
    return Model(card.reference, card.task, device)


def models() -> tuple[ModelInfo, ...]:
    """Return the installed models.

    Returns
    -------
    tuple of ModelInfo
        Each with ``name``, ``task``, ``summary`` and ``card``.

    Examples
    --------
    >>> [model.name for model in protvox.models()]  # doctest: +SKIP
    ['cath', 'environment']
    """
    from protvox.registry import installed

    return installed.available()
