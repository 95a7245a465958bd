"""How far a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    total
        Inputs in all.
    done, failed
        Inputs that were scored in this run, and that failed in it.
    kept, kept_failed
        Inputs whose answer, or failure, of an earlier run stays.
    copied
        Inputs that got the answer to the same content under another id.
    unread
        Those of `kept` whose file cannot be read now.
    residues
        Residues of the structures scored in this run.
    stopped
        Whether the run was asked to end before it was through.
    """

    total: int
    done: int = 0
    failed: int = 0
    kept: int = 0
    kept_failed: int = 0
    copied: int = 0
    unread: int = 0
    residues: int = 0
    stopped: bool = False

    @property
    def finished(self) -> int:
        """Inputs that need nothing more."""
        return self.done + self.copied + self.failed + self.kept + self.kept_failed

    @property
    def all_failed(self) -> int:
        """Inputs without an answer, now or before."""
        return self.failed + self.kept_failed
