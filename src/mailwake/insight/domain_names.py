"""Names of recipient domains, also of those that the event store keeps under a stand-in.

A domain that few people share points at them, so the event store has a keyed stand-in for it, which starts with ``~``.
Its name comes from the state store, through two of its recipients; whoever is forgotten names nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mailwake.events import Handle
from mailwake.insight.stores import Stores

_STAND_IN = "~"
_ENDS = ("one", "another")


def domain_names(stores: Stores, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Stored domain to its name; a stand-in that nobody can name any more is not in it.

    Args:
        stores: where to look.
        rows: with ``domain``, and with ``one`` and ``another`` of its recipients, any of them null where not known.
    """
    told = [row for row in rows if row["domain"]]
    found = {row["domain"]: row["domain"] for row in told if not row["domain"].startswith(_STAND_IN)}
    hidden = [row for row in told if row["domain"].startswith(_STAND_IN)]
    names = stores.state.domains({Handle(row[end]) for row in hidden for end in _ENDS if row[end] is not None})
    for row in hidden:
        if (name := names.get(row["one"]) or names.get(row["another"])) is not None:
            found[row["domain"]] = name
    return found
