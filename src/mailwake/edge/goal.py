"""``/g/<goal>?r=<reference>``: the picture on a thank-you page. No cookies: its query has the reference, or nothing.

Whoever asks gets the picture. A reference that we did not make, for this host, records nothing; what the rest of the
query says is read later, for it is a stranger's word.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from mailwake.edge.exchange import Exchange
from mailwake.edge.pixel import PIXEL
from mailwake.edge.recording import Recorder

#: of the query that is looked at; a reference has some 60 characters
_MAX_QUERY, _MAX_FIELDS = 2_048, 16


def answer(recorder: Recorder, exchange: Exchange, host: str, rest: str) -> None:
    """The picture, always; a goal reached where a person asks with a genuine reference, in a mode that may tell."""
    query = exchange.target.partition(b"?")[2].partition(b"#")[0][:_MAX_QUERY].decode("latin-1")
    try:
        given = parse_qs(query, max_num_fields=_MAX_FIELDS).get("r", [])
    except ValueError:
        given = []
    found = recorder.reference(given[0], host) if len(given) == 1 and rest else None
    if found is None:
        recorder.counters.reject("reference")
        exchange.answer(PIXEL)
    else:
        recorder.reached(exchange, PIXEL, *found)
