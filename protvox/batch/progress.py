"""Progress of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """Progress of a run.

    Attributes
    ----------
    total
        Number of inputs.
    done, failed
        Inputs that this run scored, and inputs that failed in it.
    kept, kept_failed
        Inputs whose results, or failure, of an earlier run were kept.
    copied
        Inputs that received the results of another input with the same content.
    unread
        Those of `kept` whose file can no longer be read.
    residues
        Residues of the structures scored in this run.
    stopped
        Whether the run was interrupted.
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
        """Number of inputs that need no more work."""
        return self.done + self.copied + self.failed + self.kept + self.kept_failed

    @property
    def all_failed(self) -> int:
        """Number of inputs that failed, in this run or an earlier one."""
        return self.failed + self.kept_failed
