"""Every write to the org with what stood there before, so that a run can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, bindparam, case, func, select

from mailwake.events import CampaignId, Micros
from mailwake.store.crm import tables
from mailwake.store.crm.rows import CrmCampaign, Entry, JobSummary
from mailwake.store.state.engine import OnDatabase, chunks

_journal, _campaigns = tables.journal, tables.campaigns


class Journal(OnDatabase):
    """The part of the store that keeps what was done to the org."""

    def note(self, entries: Sequence[Entry]) -> list[int]:
        """Write down what is about to be sent; numbers in the order of the entries."""
        with self._database.writing() as connection:
            last = connection.scalar(select(func.max(_journal.c.id))) or 0
            rows = [_row(each, number) for number, each in enumerate(entries, start=last + 1)]
            for part in chunks(rows, 1_000):
                connection.execute(_journal.insert(), list(part))
            return [row["id"] for row in rows]

    def settle(self, outcomes: Mapping[int, tuple[str, str | None]]) -> None:
        """What became of entries: their state now, and the record's id where it is known."""
        change = _journal.update().where(_journal.c.id == bindparam("of"))
        change = change.values(state=bindparam("now"), record=func.coalesce(bindparam("made"), _journal.c.record))
        rows = [{"of": number, "now": state, "made": record or None} for number, (state, record) in outcomes.items()]
        with self._database.writing() as connection:
            for part in chunks(rows, 1_000):
                connection.execute(change, list(part))

    def undone(self, numbers: Iterable[int], state: str, *, at: Micros) -> None:
        """Entries that were taken back, or that others had changed since."""
        with self._database.writing() as connection:
            for part in chunks(numbers, 1_000):
                change = _journal.update().where(_journal.c.id.in_(part))
                connection.execute(change.values(state=state, undone_at=at))

    def entries(self, job: str) -> list[Entry]:
        """What a run did, the latest first."""
        query = select(_journal).where(_journal.c.job == job).order_by(_journal.c.id.desc())
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def runs(self, *, limit: int = 20) -> list[JobSummary]:
        """The latest runs."""
        states = {"written": ("written", "undone", "kept"), "refused": ("refused",), "undone": ("undone",)}
        of = {name: func.sum(case((_journal.c.state.in_(some), 1), else_=0)) for name, some in states.items()}
        began = func.min(_journal.c.at)
        query = select(_journal.c.job, began, *of.values()).group_by(_journal.c.job).order_by(began.desc())
        with self._database.reading() as connection:
            return [
                JobSummary(job=row[0], began_at=Micros(row[1]), written=row[2], refused=row[3], undone=row[4])
                for row in connection.execute(query.limit(limit))
            ]

    def forget_entries(self, before: Micros) -> int:
        """Let go of what was done so long ago; says how many lines that were."""
        with self._database.writing() as connection:
            return connection.execute(_journal.delete().where(_journal.c.at < before)).rowcount

    def put_campaign(self, row: CrmCampaign) -> None:
        """Which of the org's campaigns one of ours is."""
        made = self._database.upsert(_campaigns).values(
            campaign=row.campaign, crm_id=row.crm_id, created_at=row.created_at
        )
        with self._database.writing() as connection:
            connection.execute(
                made.on_conflict_do_update(index_elements=["campaign"], set_={"crm_id": made.excluded.crm_id})
            )

    def crm_campaigns(self) -> dict[CampaignId, str]:
        """Our campaigns that are one of the org's, each with its id there."""
        with self._database.reading() as connection:
            return {CampaignId(row.campaign): row.crm_id for row in connection.execute(select(_campaigns))}


def _row(entry: Entry, number: int) -> dict[str, Any]:
    return {
        "id": number, "job": entry.job, "at": entry.at, "object": entry.object, "key": entry.key,
        "key_field": entry.key_field, "record": entry.record, "state": entry.state,
        "before": None if entry.before is None else dict(entry.before), "after": dict(entry.after), "undone_at": None,
    }  # fmt: skip


def _entry(row: RowMapping) -> Entry:
    return Entry(**row)
