"""Experiments: their design, their letters, and what was decided."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from mailwake.events import CampaignId, Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase
from mailwake.store.state.rows import Experiment

_experiments, _letters = schema.experiments, schema.experiment_letters


class Experiments(OnDatabase):
    """The part of the state store that keeps experiments."""

    def experiments(self) -> list[Experiment]:
        """All experiments, newest first."""
        query = select(_experiments).order_by(_experiments.c.created_at.desc(), _experiments.c.id.desc())
        with self._database.reading() as connection:
            return [_experiment(row) for row in connection.execute(query)]

    def experiment(self, name: str) -> Experiment | None:
        """The experiment of this name; None: there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(_experiments).where(_experiments.c.name == name)).first()
            return None if row is None else _experiment(row)

    def put_experiment(
        self,
        name: str,
        campaign: CampaignId,
        *,
        salt: bytes,
        design: Mapping[str, Any],
        letters: Sequence[bytes],
        now: Micros,
        by: str,
    ) -> Experiment | None:
        """Keep an experiment with the letter of each variant; None: there is one of this name, nothing was changed."""
        values = {"name": name, "campaign": campaign, "salt": salt, "design": dict(design), "sent": {}}
        made = self._database.upsert(_experiments).values(**values, created_at=now, made_by=by)
        with self._database.writing() as connection:
            if not connection.execute(made.on_conflict_do_nothing(index_elements=["name"])).rowcount:
                return None
            row = connection.execute(select(_experiments).where(_experiments.c.name == name)).one()
            packed = [zlib.compress(letter) for letter in letters]
            rows = [{"experiment": row.id, "number": number, "letter": letter} for number, letter in enumerate(packed)]
            connection.execute(_letters.insert(), rows)
            return _experiment(row)

    def experiment_letters(self, experiment: int) -> list[bytes]:
        """The files as authored, in the order of variants."""
        query = select(_letters.c.letter).where(_letters.c.experiment == experiment).order_by(_letters.c.number)
        with self._database.reading() as connection:
            return [zlib.decompress(packed) for packed in connection.scalars(query)]

    def put_experiment_sent(self, experiment: int, sent: Mapping[str, Any]) -> bool:
        """Note what the first mailing had; what was noted before is replaced. False: it is gone."""
        change = _experiments.update().where(_experiments.c.id == experiment).values(sent=dict(sent))
        with self._database.writing() as connection:
            return bool(connection.execute(change).rowcount)

    def delete_draft(self, experiment: int) -> bool:
        """Forget an experiment and its letters; False: it was sent or decided, and nothing was changed."""
        with self._database.writing() as connection:
            one = _experiments.c.id == experiment
            row = connection.execute(select(_experiments).where(one).with_for_update()).first()
            if row is None or row.sent or row.decided_at is not None:
                return False
            connection.execute(_letters.delete().where(_letters.c.experiment == experiment))
            return bool(connection.execute(_experiments.delete().where(one)).rowcount)

    def decide_experiment(self, experiment: int, winner: int, *, now: Micros, by: str, why: str) -> bool:
        """Note the winner; False: it was decided before, and nothing was changed."""
        open_one = _experiments.update().where(_experiments.c.id == experiment, _experiments.c.decided_at.is_(None))
        with self._database.writing() as connection:
            change = open_one.values(decided_at=now, winner=winner, decided_by=by, why=why)
            return bool(connection.execute(change).rowcount)


def _experiment(row: Row[*tuple[Any, ...]]) -> Experiment:
    return Experiment(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
