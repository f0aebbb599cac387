"""A list looked through with all that is known here, for the command, for `mailwake send` and for the API alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.hygiene.answers import Hygiene
from mailwake.hygiene.checks import domains_of, look_through
from mailwake.hygiene.disposable import own_disposable
from mailwake.hygiene.domains import kept
from mailwake.hygiene.memory import own
from mailwake.merge.people import People
from mailwake.profiles import STREAMS
from mailwake.settings import Settings
from mailwake.store.state import StateStore


def looked_through(
    state: StateStore,
    listed: People,
    settings: Settings | None,
    *,
    now: Micros,
    stream: str = "",
    mailed: Mapping[str, int] | None = None,
) -> Hygiene:
    """Every line with what is known of it; asks no name server.

    Args:
        state: remembers addresses and what the DNS said.
        listed: the list.
        settings: of the installation; None: a dashboard of stores alone.
        now: microseconds since 1970.
        stream: of the mail that is to go out; empty: marketing.
        mailed: domain to different people mailed there lately; None: not known.

    Raises:
        BadInput: there is no such stream.
        Misconfigured: the operator's own list of domains cannot be read.
    """
    if stream and stream not in STREAMS:
        raise BadInput(f"there is no stream {stream[:40]!r}; there are {', '.join(STREAMS)}")
    addresses = [person.address for person in listed.people]
    remembered = own(state, addresses, now=now, stream=stream or "marketing", mailed=mailed)
    remembered = replace(remembered, disposable=own_disposable(settings))
    return look_through(listed, remembered, kept(state, domains_of(listed), now=now))
