"""Mail that no event came from, kept as it arrived until somebody looks at it, or ``privacy.unread_days`` are over."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mailwake.errors import Unavailable
from mailwake.files import replace

#: A stranger who sends nonsense all day must not fill the disk.
MAX_KEPT = 5_000


class Unread:
    """A folder of raw mail, one file each, named by its content, so that the same mail is kept once.

    Args:
        folder: made when first needed.
        max_kept: how many files at most.
    """

    def __init__(self, folder: Path, *, max_kept: int = MAX_KEPT) -> None:
        self._folder = folder
        self._max_kept = max_kept
        self._kept: int | None = None

    def keep(self, raw: bytes) -> Path:
        """Put the mail on disk for good and say where.

        Raises:
            Unavailable: the folder is full or cannot be written.
        """
        path = self._folder / f"{hashlib.sha256(raw).hexdigest()[:32]}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._kept is None or self._kept >= self._max_kept:  # somebody may have read and removed them
                self._kept = sum(1 for _ in self._folder.glob("*.eml"))
            if path.exists():
                return path
            if self._kept >= self._max_kept:
                raise Unavailable(f"{self._folder} holds {self._kept} unread mails; read and remove them")
            replace(path, raw)
        except OSError as fault:
            raise Unavailable(f"cannot keep mail in {self._folder}: {fault.strerror}") from fault
        self._kept += 1
        return path
