"""A webhook as it arrived, what proves it, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mailwake.errors import Untrusted
from mailwake.events import Micros

#: The most events of one body; SendGrid and Mandrill send about a thousand.
MAX_EVENTS = 10_000
#: A signed time may be so far from ours. Source: https://docs.svix.com/receiving/verifying-payloads/how-manual
TOLERANCE_SECONDS = 300


class Refused(Untrusted):
    """A call that does not prove where it comes from.

    Attributes:
        reason: a word from a closed set: signature, missing, stale, source, form, setup.
    """

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(reason)
        self.args = (words,)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One delivery of a webhook."""

    method: str
    #: as the ESP was told it; Mandrill signs it
    url: str
    #: names in lower case
    headers: Mapping[str, str] = field(repr=False)
    #: byte for byte
    body: bytes = field(repr=False)
    received_at: Micros
    #: address of the client, after named proxies were believed
    peer: str = ""

    @property
    def content_type(self) -> str:
        """Media type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What a hook's calls are checked against."""

    #: any of them proves a call, so that they can be changed without a gap
    values: tuple[str, ...] = field(default=(), repr=False)
    #: the SNS topic that may report here
    topic_arn: str = ""
    #: networks that calls may come from; empty: all
    networks: tuple[str, ...] = ()
    #: gets the certificate behind a URL that was found in order
    fetch: Callable[[str], bytes] | None = None
