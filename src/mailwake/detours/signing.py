"""What makes a detour believable: an HMAC-SHA256 under a key of the installation, made when somebody decided it."""

from __future__ import annotations

import hashlib
import hmac

from mailwake.tokens import KeyRing

#: of each decision, in the table; of the whole file, which the edge reads
_DECISION, _FILE = "link detours: decision", "link detours: file"


class Seal:
    """Signs and checks.

    Args:
        keys: of the installation. The oldest of them counts, so that a rotation takes no detour back.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._decision, self._file = keys.derive(_DECISION), keys.derive(_FILE)

    def of_decision(self, *parts: str | int | None) -> str:
        """What stands beside a decision; 64 characters.

        Args:
            parts: all of it, in a fixed order.
        """
        told = "\n".join("-" if part is None else f"{type(part).__name__} {len(str(part))} {part}" for part in parts)
        return _mac(self._decision, told.encode("utf-8", "surrogatepass"))

    def of_file(self, body: bytes) -> str:
        """What stands before the body of the file; 64 characters."""
        return _mac(self._file, body)


def is_same(one: str, other: str) -> bool:
    """Whether two seals are equal; how long it takes tells nothing of where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def _mac(key: bytes, told: bytes) -> str:
    return hmac.new(key, told, hashlib.sha256).hexdigest()
