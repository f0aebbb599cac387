"""The folders that are written to: empty ones of their own, made where there are none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mailwake.errors import BadInput


def need_empty(folder: Path, instead: str) -> None:
    """See that a folder is empty or not there yet; nothing is written.

    Args:
        folder: which.
        instead: what to do where it is not.

    Raises:
        BadInput: it is not, or it is no folder.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise BadInput(f"{folder} is not empty; {instead}")
    except OSError as fault:
        raise _unusable(folder, fault) from None


def need_outside(folder: Path, others: Iterable[tuple[str, Path]]) -> None:
    """See that a folder lies in none of those that are copied, or the copy would have itself in it without end.

    Args:
        folder: which.
        others: what each is, and where.

    Raises:
        BadInput: it does.
    """
    for what, other in others:
        if folder.resolve().is_relative_to(other.resolve()):
            raise BadInput(f"{folder} lies inside {what}; name one elsewhere")


def make(folder: Path) -> None:
    """Make a folder that its owner alone may look into; one that is there stays as it is.

    Raises:
        BadInput: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise _unusable(folder, fault) from None


def _unusable(folder: Path, fault: OSError) -> BadInput:
    return BadInput(f"{folder} cannot be used as a folder ({fault.strerror}); name one that can be made")
