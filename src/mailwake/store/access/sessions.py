"""Browsers that are logged in."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from mailwake.events import Micros
from mailwake.store.access import tables
from mailwake.store.access.rows import Session
from mailwake.store.state.engine import OnDatabase

_sessions = tables.sessions


class Sessions(OnDatabase):
    """The part of the store that knows who is logged in."""

    def add_session(self, session: Session, *, instead: bytes | None = None, before: Micros | None = None) -> None:
        """Keep a session.

        Args:
            session: the new one.
            instead: hash of one that ends with it.
            before: sessions that were made earlier than this are forgotten.
        """
        told = {name: getattr(session, name) for name in Session.__dataclass_fields__}
        with self._database.writing() as connection:
            if before is not None:
                connection.execute(delete(_sessions).where(_sessions.c.made_at < before))
            if instead is not None:
                connection.execute(delete(_sessions).where(_sessions.c.hash == instead))
            connection.execute(_sessions.insert().values(told))

    def session(self, hashed: bytes) -> Session | None:
        """The session of a cookie."""
        with self._database.reading() as connection:
            row = connection.execute(select(_sessions).where(_sessions.c.hash == hashed)).mappings().first()
        return None if row is None else Session(**row)

    def sessions(self, user: int | None = None) -> list[Session]:
        """The sessions of a colleague, or of everybody; who was seen last comes first."""
        query = select(_sessions).order_by(_sessions.c.seen_at.desc(), _sessions.c.hash)
        if user is not None:
            query = query.where(_sessions.c.user == user)
        with self._database.reading() as connection:
            return [Session(**row) for row in connection.execute(query).mappings()]

    def touch_session(self, hashed: bytes, at: Micros) -> None:
        """Note that a session was used."""
        with self._database.writing() as connection:
            connection.execute(update(_sessions).where(_sessions.c.hash == hashed).values(seen_at=at))

    def end_session(self, hashed: bytes) -> bool:
        """End one; whether there was one."""
        with self._database.writing() as connection:
            return bool(connection.execute(delete(_sessions).where(_sessions.c.hash == hashed)).rowcount)

    def end_sessions(self, user: int, *, but: bytes = b"") -> int:
        """End all of a colleague, but for the one of this hash; how many there were."""
        with self._database.writing() as connection:
            theirs = (_sessions.c.user == user) & (_sessions.c.hash != but)
            return connection.execute(delete(_sessions).where(theirs)).rowcount
