"""What providers told: kept once, added up, forgotten after a while."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from sqlalchemy import func, select

from mailwake.events import Micros
from mailwake.store.postmaster import tables
from mailwake.store.postmaster.rows import DmarcReport, DmarcRow, DmarcSum, Figure, Policy
from mailwake.store.state.engine import OnDatabase

_reports, _rows, _figures = tables.reports, tables.rows, tables.figures
_SHARED = (_rows.c.source, _rows.c.operator, _rows.c.header_from, _rows.c.disposition, _rows.c.dkim, _rows.c.spf)


class Told(OnDatabase):
    """The part of the state store that knows what providers told."""

    def put_dmarc(self, report: DmarcReport, rows: Iterable[DmarcRow], *, now: Micros) -> bool:
        """Keep a report with its lines; False: one of its organisation, number and domain is kept already."""
        lines = _added_up(rows)
        made = self._database.upsert(_reports).values(**asdict(report), noted_at=now)
        made = made.on_conflict_do_nothing(index_elements=["organisation", "report_id", "domain"])
        with self._database.writing() as connection:
            number = connection.execute(made.returning(_reports.c.id)).scalar()
            if number is None:
                return False
            if lines:
                connection.execute(_rows.insert(), [asdict(each) | {"report": number} for each in lines])
            return True

    def dmarc_since(self, *, noted_at: Micros) -> int:
        """How many reports were kept since then."""
        query = select(func.count()).select_from(_reports).where(_reports.c.noted_at >= noted_at)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def dmarc_sums(self, *, since: Micros) -> list[DmarcSum]:
        """Lines of the reports on times that begin since then, added up over reports; most copies first."""
        copies = func.sum(_rows.c.copies).label("copies")
        query = (
            select(_reports.c.organisation, *_SHARED, copies)
            .join_from(_rows, _reports, _rows.c.report == _reports.c.id)
            .where(_reports.c.begins >= since)
            .group_by(_reports.c.organisation, *_SHARED)
            .order_by(copies.desc(), _reports.c.organisation, *_SHARED)
        )
        with self._database.reading() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        return [
            DmarcSum(organisation=each.pop("organisation"), row=DmarcRow(**each | {"copies": int(each["copies"])}))
            for each in found
        ]

    def dmarc_policies(self, *, since: Micros) -> list[Policy]:
        """What each domain asked for, by the report that ends last; by name."""
        query = (
            select(_reports.c.domain, _reports.c.policy, _reports.c.ends)
            .where(_reports.c.begins >= since)
            .order_by(_reports.c.domain, _reports.c.ends, _reports.c.id)
        )
        found: dict[str, Policy] = {}
        with self._database.reading() as connection:
            for domain, policy, ends in connection.execute(query):
                before = found[domain].reports if domain in found else 0
                found[domain] = Policy(domain=domain, policy=policy, reports=before + 1, ends=Micros(ends))
        return list(found.values())

    def put_figures(self, figures: Sequence[Figure], *, now: Micros) -> int:
        """Keep figures; one of a day that is known takes the place of what was known. Gives how many."""
        once = {(each.source, each.subject, each.day, each.name): each for each in figures}
        if not once:
            return 0
        made = self._database.upsert(_figures)
        change = {"value": made.excluded.value, "word": made.excluded.word, "noted_at": made.excluded.noted_at}
        made = made.on_conflict_do_update(index_elements=["source", "subject", "day", "name"], set_=change)
        with self._database.writing() as connection:
            connection.execute(made, [asdict(each) | {"noted_at": now} for each in once.values()])
        return len(once)

    def figures(self, *, since: str) -> list[Figure]:
        """Figures of that day (YYYY-MM-DD) and later, by source, subject and day."""
        columns = [column for column in _figures.c if column.name not in ("id", "noted_at")]
        order = (_figures.c.source, _figures.c.subject, _figures.c.day, _figures.c.name)
        query = select(*columns).where(_figures.c.day >= since).order_by(*order)
        with self._database.reading() as connection:
            return [Figure(**row) for row in connection.execute(query).mappings()]

    def forget_told(self, *, before: Micros, day: str) -> None:
        """Drop reports on times that ended before, and figures of days before."""
        with self._database.writing() as connection:
            old = select(_reports.c.id).where(_reports.c.ends < before)
            connection.execute(_rows.delete().where(_rows.c.report.in_(old)))
            connection.execute(_reports.delete().where(_reports.c.ends < before))
            connection.execute(_figures.delete().where(_figures.c.day < day))


def _added_up(rows: Iterable[DmarcRow]) -> list[DmarcRow]:
    copies: Counter[DmarcRow] = Counter()
    for row in rows:
        copies[replace(row, copies=0)] += row.copies
    return [replace(row, copies=number) for row, number in copies.items()]
