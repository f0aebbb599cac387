"""An address that was erased comes back: somebody imports it, or mails it. Erasing forbids no mail; an opt-out does.

It is a new recipient with a handle of its own, and nothing that was known is known again. What they had asked for
holds: whoever had unsubscribed, complained or withdrawn stays so, because forgetting a "no" would make it a "yes".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from mailwake.store.consent.ledger import entry_of
from mailwake.store.consent.rows import ConsentEntry
from mailwake.store.rights.digests import digest, key_beside
from mailwake.store.rights.tables import erasures
from mailwake.store.state import schema
from mailwake.store.state.rows import Consent

SOURCE = "erased"
_PART = 4_000


def hold_back(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[ConsentEntry]:
    """Let hold for new recipients what was kept of them when they were erased.

    Args:
        connection: of the transaction that makes them.
        rows: of `recipients`.

    Returns:
        What they had withdrawn, to be written into the ledger of consent in the same transaction.

    Raises:
        Unavailable: somebody was erased and the key is not there; nobody is added, for it might be them.
    """
    if connection.scalar(select(erasures.c.id).limit(1)) is None:
        return []
    key = key_beside(Path(connection.engine.url.database or "").parent)
    by_digest = {digest(key, row["address_key"]): row for row in rows}
    asked, withdrawn = list(by_digest), list[ConsentEntry]()
    for start in range(0, len(asked), _PART):
        query = select(erasures.c.digest, erasures.c.kept).where(erasures.c.digest.in_(asked[start : start + _PART]))
        for found, kept in connection.execute(query).all():
            withdrawn += _hold(connection, by_digest[found], kept)
    return withdrawn


def erased_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of some address keys whose people were erased and have not come back.

    Raises:
        Unavailable: as `hold_back`.
    """
    if connection.scalar(select(erasures.c.id).limit(1)) is None:
        return set()
    key, recipients = key_beside(Path(connection.engine.url.database or "").parent), schema.recipients
    by_digest = {digest(key, each): each for each in keys}
    asked, found = list(by_digest), set[str]()
    for start in range(0, len(asked), _PART):
        query = select(erasures.c.digest).where(erasures.c.digest.in_(asked[start : start + _PART]))
        found |= {by_digest[each] for each in connection.scalars(query)}
    back = select(recipients.c.address_key).where(recipients.c.address_key.in_(found))
    return found - set(connection.scalars(back))


def _hold(connection: Connection, row: Mapping[str, Any], kept: Mapping[str, Any]) -> list[ConsentEntry]:
    new = {"handle": row["handle"], "source": SOURCE, "at": row["first_seen_at"]}
    told = [{**new, **each} for each in kept.get("suppressions", ())]
    if told:
        connection.execute(schema.suppressions.insert(), told)
    return [entry_of(**new, axis=axis, state=Consent.WITHDRAWN) for axis in kept.get("withdrawn", ())]
