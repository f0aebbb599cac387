"""Recipient domains, and the servers that take their mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from mailwake.events import Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Exchangers, Route

_recipients, _exchangers = schema.recipients, schema.exchangers

#: Letters of a country's label (ISO 3166-1 alpha-2), and at most of a public one before it.
_COUNTRY, _PUBLIC = 2, 3


class Domains(OnDatabase):
    """The part of the state store that knows where mail goes, and not to whom."""

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
                    route = Route(row.route) if row.route else Route.EXCHANGERS if row.hosts else None
                    at = Micros(row.looked_up_at)
                    found[row.domain] = Exchangers(hosts=tuple(row.hosts), looked_up_at=at, route=route)
        return found

    def places(self, domains: Iterable[str]) -> dict[str, str]:
        """Who takes the mail of each domain: its exchanger's domain where the DNS was asked, else itself."""
        names = set(domains)
        known = self.exchangers(names)
        return {name: _place(known[name].hosts, name) if name in known else name for name in names}

    def put_exchangers(self, domain: str, hosts: Sequence[str], *, now: Micros, route: Route | None = None) -> None:
        """Keep what the DNS says of a domain, over what it said before."""
        row = {"domain": domain, "hosts": list(hosts), "looked_up_at": now, "route": route}
        made = self._database.upsert(_exchangers).values(row)
        change = {name: made.excluded[name] for name in ("hosts", "looked_up_at", "route")}
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=["domain"], set_=change))


def _place(hosts: Sequence[str], domain: str) -> str:
    """Of "alt1.aspmx.l.google.com" the last two labels, of "mx.host.co.uk" three: one exchanger has many names.

    A short label before a country's is taken for a public one such as "co" or "com"; where it is not, the place is a
    smaller one, and a storm is seen a little later.
    """
    if not hosts:
        return domain
    labels = hosts[0].rstrip(".").lower().split(".")
    is_public = len(labels) > 2 and len(labels[-1]) == _COUNTRY and len(labels[-2]) <= _PUBLIC
    return ".".join(labels[-3 if is_public else -2 :])
