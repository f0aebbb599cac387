"""What makes one line of an access log recognisable when it comes again: 63 bits that nobody else can compute.

Where the front names its requests (CloudFront's ``x-edge-request-id``, nginx's ``$request_id``), the name is the key,
wherever and however often the line stands. Elsewhere it is the line itself and its number among equal lines of one
file: a file read twice, or another that holds part of it, changes nothing; two equal lines in one file are two hits.
"""

from __future__ import annotations

import hashlib

#: Equal lines name the same moment, so they stand close together; this many lines are looked back at.
_REMEMBERED = 500_000


class Keys:
    """Gives the lines of one file their keys.

    Args:
        secret: derived for this purpose alone.
        source: name of the servers whose log it is; equal lines of two sources are two hits.
    """

    def __init__(self, secret: bytes, source: str) -> None:
        self._base = hashlib.blake2b(f"{source}\n".encode(), digest_size=8, key=secret)
        self._counts: dict[int, int] = {}
        self._before: dict[int, int] = {}

    def key(self, line: bytes, name: str) -> int:
        """The key of a line.

        Args:
            line: as it stands in the file.
            name: that the front gave to the request; empty where it gave none.
        """
        if name:
            return self._digest(b"name\n" + name.encode("utf-8", "backslashreplace"))
        digest = self._digest(b"line\n" + line)
        count = self._counts.get(digest) or self._before.get(digest, 0)
        if len(self._counts) >= _REMEMBERED:
            self._before, self._counts = self._counts, {}
        self._counts[digest] = count + 1
        return digest if not count else self._digest(b"line %d\n" % count + line)

    def _digest(self, told: bytes) -> int:
        hashed = self._base.copy()
        hashed.update(told)
        return int.from_bytes(hashed.digest()) >> 1
