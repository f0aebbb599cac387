"""What programs show instead of a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, select, update

from mailwake.events import Micros
from mailwake.store.access import tables
from mailwake.store.access.rows import Key
from mailwake.store.state.engine import OnDatabase

_keys = tables.api_keys


class Keys(OnDatabase):
    """The part of the store that knows the keys of programs, by their hashes."""

    def add_key(self, key: Key, *, instead: str | None = None, until: Micros | None = None) -> None:
        """Keep a key.

        Args:
            key: the new one.
            instead: id of the key whose place it takes.
            until: when that one ends; it never lives longer than it was to.
        """
        told: dict[str, Any] = {name: getattr(key, name) for name in Key.__dataclass_fields__}
        told |= {"scopes": list(key.scopes), "networks": list(key.networks)}
        with self._database.writing() as connection:
            connection.execute(_keys.insert().values(told))
            if instead is not None:
                former = _keys.c.id == instead
                connection.execute(update(_keys).where(former).values(next=key.id))
                connection.execute(update(_keys).where(former, _keys.c.expires_at > until).values(expires_at=until))

    def key(self, number: str) -> Key | None:
        """One key by id."""
        with self._database.reading() as connection:
            row = connection.execute(select(_keys).where(_keys.c.id == number)).mappings().first()
        return None if row is None else _key(row)

    def keys(self, user: int | None = None) -> list[Key]:
        """The keys of a colleague, or all, the newest first; ended ones too."""
        query = select(_keys).order_by(_keys.c.created_at.desc(), _keys.c.id)
        if user is not None:
            query = query.where(_keys.c.user == user)
        with self._database.reading() as connection:
            return [_key(row) for row in connection.execute(query).mappings()]

    def use_key(self, number: str, at: Micros) -> None:
        """Note that a key was used."""
        with self._database.writing() as connection:
            connection.execute(update(_keys).where(_keys.c.id == number).values(used_at=at))

    def revoke_key(self, number: str, *, at: Micros, by: str) -> bool:
        """End a key for good; whether it still was good."""
        lasting = (_keys.c.id == number) & _keys.c.revoked_at.is_(None)
        with self._database.writing() as connection:
            return bool(connection.execute(update(_keys).where(lasting).values(revoked_at=at, revoked_by=by)).rowcount)


def _key(row: RowMapping) -> Key:
    told: Mapping[str, Any] = {**row, "scopes": tuple(row["scopes"]), "networks": tuple(row["networks"])}
    return Key(**told)
