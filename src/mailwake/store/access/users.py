"""Colleagues: their names, roles and password hashes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.store.access import tables
from mailwake.store.access.rows import User
from mailwake.store.state.engine import OnDatabase

_users, _sessions, _keys = tables.users, tables.sessions, tables.api_keys
_SHOWN = [column for column in _users.c if column.name != "name_key"]


class Users(OnDatabase):
    """The part of the store that knows colleagues."""

    def add_user(self, **told: Any) -> User:  # noqa: ANN401 - the fields of `User`, without an id
        """Keep a new colleague.

        Args:
            told: the fields of `User` but for `id` and `seen_at`.

        Raises:
            BadInput: the name, or the identity, is taken.
        """
        try:
            with self._database.writing() as connection:
                row = {**told, "name_key": name_key(told["name"])}
                made = connection.execute(_users.insert().values(row)).inserted_primary_key
        except IntegrityError:
            raise BadInput(f"there is a user {told['name']!r} already; choose another name") from None
        return User(id=int(made[0]) if made else 0, seen_at=None, **told)

    def has_users(self) -> bool:
        """Whether there is anybody at all."""
        with self._database.reading() as connection:
            return bool(connection.scalar(select(exists().select_from(_users))))

    def users(self) -> list[User]:
        """Everybody, by name."""
        with self._database.reading() as connection:
            query = select(*_SHOWN).order_by(_users.c.name_key)
            return [User(**row) for row in connection.execute(query).mappings()]

    def user(self, number: int) -> User | None:
        """One colleague by id."""
        return self._user(_users.c.id == number)

    def user_named(self, name: str) -> User | None:
        """One colleague by name, whatever its case."""
        return self._user(_users.c.name_key == name_key(name))

    def user_known_as(self, issuer: str, subject: str) -> User | None:
        """One colleague as a provider of identities knows them."""
        return self._user((_users.c.issuer == issuer) & (_users.c.subject == subject))

    def change_user(self, number: int, **told: str | bool | Micros | None) -> None:
        """Overwrite fields of a colleague: `role password must_change issuer subject seen_at second`."""
        with self._database.writing() as connection:
            connection.execute(update(_users).where(_users.c.id == number).values(**told))

    def take_step(self, number: int, step: int) -> bool:
        """Take note of the step of a code; False: this one or a later one was taken before."""
        with self._database.writing() as connection:
            later = (_users.c.id == number) & (_users.c.second_step < step)
            return bool(connection.execute(update(_users).where(later).values(second_step=step)).rowcount)

    def change_role(self, number: int, role: str, *, last: str, provider: str = "") -> bool:
        """Give a colleague another role and end their sessions; False: nobody else with the role `last` can log in.

        Args:
            number: id of the colleague.
            role: which they get.
            last: role that somebody has to have who can log in.
            provider: issuer that vouches for those without a password; empty: there is none, so they cannot log in.
        """
        with self._database.writing() as connection:
            if role != last and _is_last(connection, number, last, provider):
                return False
            connection.execute(update(_users).where(_users.c.id == number).values(role=role))
            connection.execute(delete(_sessions).where(_sessions.c.user == number))
        return True

    def remove_user(self, number: int, *, last: str, at: Micros, by: str, provider: str = "") -> bool:
        """Forget a colleague, with sessions, and revoke their keys; False as of `change_role`."""
        with self._database.writing() as connection:
            if _is_last(connection, number, last, provider):
                return False
            connection.execute(delete(_sessions).where(_sessions.c.user == number))
            lasting = (_keys.c.user == number) & _keys.c.revoked_at.is_(None)
            connection.execute(update(_keys).where(lasting).values(revoked_at=at, revoked_by=by))
            connection.execute(update(_keys).where(_keys.c.user == number).values(user=None))
            connection.execute(delete(_users).where(_users.c.id == number))
        return True

    def _user(self, which: ColumnElement[bool]) -> User | None:
        with self._database.reading() as connection:
            row = connection.execute(select(*_SHOWN).where(which)).mappings().first()
        return None if row is None else User(**row)


def _is_last(connection: Any, number: int, role: str, provider: str) -> bool:  # noqa: ANN401 - a connection
    """Whether nobody would be left in a role without one colleague, or nobody who can log in where they can."""
    rows = connection.execute(select(_users.c.id, _users.c.password, _users.c.issuer).where(_users.c.role == role))
    can = {row.id: row.password is not None or (bool(provider) and row.issuer in (None, provider)) for row in rows}
    if number not in can:
        return False
    was_able = can.pop(number)
    return not can or (was_able and not any(can.values()))


def name_key(name: str) -> str:
    """A name as it is compared."""
    return name.strip().casefold()
