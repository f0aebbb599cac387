"""Recipient domains, and the servers that take their mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from mailwake.events import Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import Database, chunks
from mailwake.store.state.rows import Exchangers

_recipients, _exchangers = schema.recipients, schema.exchangers


class Domains:
    """The part of the state store that knows where mail goes, and not to whom."""

    _database: Database

    def shared_domains(self, *, at_least: int) -> list[str]:
        """Domains with so many recipients or more, most first."""
        people = func.count()
        query = select(_recipients.c.domain).group_by(_recipients.c.domain).having(people >= at_least)
        with self._database.reading() as connection:
            return list(connection.scalars(query.order_by(people.desc(), _recipients.c.domain)))

    def exchangers(self, domains: Iterable[str]) -> dict[str, Exchangers]:
        """What the DNS said of each domain, for those that were looked up."""
        found: dict[str, Exchangers] = {}
        with self._database.reading() as connection:
            for part in chunks(domains):
                for row in connection.execute(select(_exchangers).where(_exchangers.c.domain.in_(part))):
                    found[row.domain] = Exchangers(hosts=tuple(row.hosts), looked_up_at=Micros(row.looked_up_at))
        return found

    def put_exchangers(self, domain: str, hosts: Sequence[str], *, now: Micros) -> None:
        """Keep what the DNS says of a domain, over what it said before."""
        made = self._database.upsert(_exchangers).values(domain=domain, hosts=list(hosts), looked_up_at=now)
        change = {"hosts": made.excluded.hosts, "looked_up_at": made.excluded.looked_up_at}
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=["domain"], set_=change))
