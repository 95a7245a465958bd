"""Figures of results, as methods.

The figures are drawn by `protvox.report`, above this package and with matplotlib, which is
optional. Results name the function that draws them and load it when it is called, as pandas does
with its plotting backends.
"""

from __future__ import annotations

from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HOME: Final = "protvox.report"


def draw(function: str, *arguments: Any) -> Any:
    """Call a function that draws.

    Parameters
    ----------
    function
        Module and name below `protvox.report`.
    arguments
        Passed on.

    Raises
    ------
    UsageError
        If matplotlib is not installed (``usage.matplotlib``).
    """
    module, _, name = function.rpartition(".")
    return getattr(import_module(f"{_HOME}.{module}"), name)(*arguments)


class ResidueFigures:
    """Figures of a result with one row per residue.

    Figures are `matplotlib.figure.Figure` objects: a notebook shows them, and
    ``figure.savefig("name.png")`` writes them. They need matplotlib
    (``pip install 'protvox[figures]'``), without which they raise ``usage.matplotlib``.
    """

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw one value per residue along every chain.

        Returns
        -------
        matplotlib.figure.Figure
            The probability of the amino acid present for a prediction, the mean score of all
            substitutions for mutations, and the probability with the wrong stretches for a check.

        Raises
        ------
        UsageError
            If matplotlib is not installed (``usage.matplotlib``), or nothing was predicted for
            residues (``usage.no_residues``).

        Examples
        --------
        >>> import protvox
        >>> figure = protvox.mutations("1abc.cif").plot()  # doctest: +SKIP
        """
        figure: Figure = draw("figures.profile.draw_profile", self)
        return figure

    def heatmap(self) -> Figure:
        """Draw every residue against every amino acid.

        Returns
        -------
        matplotlib.figure.Figure
            Scores of substitutions for mutations, otherwise probabilities.

        Raises
        ------
        UsageError
            As for `plot`.
        """
        figure: Figure = draw("figures.profile.draw_matrix", self)
        return figure

    def logo(self) -> Figure:
        """Draw the predicted amino acids as a sequence logo.

        Returns
        -------
        matplotlib.figure.Figure
            The height of a stack is its information content in bits.

        Raises
        ------
        UsageError
            As for `plot`.
        """
        figure: Figure = draw("figures.profile.draw_sequence_logo", self)
        return figure

    def view(self, structure: str | PathLike[str] | Any) -> Any:
        """Show the structure in the colours of the result.

        Parameters
        ----------
        structure
            The structure that was predicted: a path, an identifier, or an object of another
            library. A result does not keep coordinates.

        Returns
        -------
        protvox.report.structure_view.StructureView
            A viewer to rotate, shown by a notebook; ``.save("view.html")`` writes it as a page.
            It needs no other package and no network.

        Raises
        ------
        UsageError
            If nothing was predicted for residues (``usage.no_residues``).
        InputError
            If the structure is invalid, or has other residues (``input.other_structure``).
        """
        return draw("structure_view.show_structure", self, structure)
