"""One request to a URL that somebody else wrote down: to no address but a public one, short, and never elsewhere.

Redirects are not followed. A slow or endless answer costs ten seconds and 64 kB. See `mailwake.visiting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailwake.visiting.addresses import Lookup, look_up
from mailwake.visiting.asking import Wall, ask

#: for all of a request, from the look-up to the last byte that we read
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back."""

    status: int
    #: seconds that we are asked to wait; None: nothing is said
    retry_after: float | None = None

    @property
    def is_taken(self) -> bool:
        """The webhook arrived."""
        return 200 <= self.status < 300


def post(
    url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool = False, lookup: Lookup = look_up
) -> Answer:
    """Send a webhook once.

    Args:
        url: http or https.
        headers: of the request.
        body: of it.
        allow_private: addresses that are not of the open internet may be called too.
        lookup: gives the addresses of a host.

    Raises:
        Unavailable: nobody answered, or nobody may be asked there.
    """
    wall = Wall(allow_private=allow_private, lookup=lookup, seconds=TIMEOUT_SECONDS)
    reply = ask("POST", url, headers=headers, body=body, wall=wall)
    return Answer(status=reply.status, retry_after=_seconds(reply.headers.get("retry-after")))


def _seconds(text: str | None) -> float | None:
    return min(float(text), 86_400.0) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
