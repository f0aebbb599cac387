"""Goals, and whom a campaign was kept from to see what happens without it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from mailwake.events import CampaignId, Handle, Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase
from mailwake.store.state.rows import Goal

_goals, _holdouts = schema.goals, schema.holdouts


class Goals(OnDatabase):
    """The part of the state store that keeps goals and holdouts."""

    def goals(self) -> dict[str, Goal]:
        """All goals, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_goals).order_by(_goals.c.name)).mappings()
            return {row["name"]: Goal(**row) for row in rows}

    def put_goal(self, goal: Goal) -> bool:
        """Keep a goal; False: there is one of this name, and nothing was changed."""
        row = {column.name: getattr(goal, column.name) for column in _goals.columns}
        made = self._database.upsert(_goals).on_conflict_do_nothing(index_elements=["name"])
        with self._database.writing() as connection:
            return bool(connection.execute(made, row).rowcount)

    def delete_goal(self, name: str) -> bool:
        """Forget a goal; False: there is none. What was reached stays in the event store."""
        with self._database.writing() as connection:
            return bool(connection.execute(_goals.delete().where(_goals.c.name == name)).rowcount)

    def put_holdouts(self, campaign: CampaignId, held: Mapping[Handle, bool], *, now: Micros) -> None:
        """Remember whom a campaign is kept from, and whether what they do may be told; once held is held."""
        rows = [
            {"campaign": campaign, "handle": handle, "held_at": now, "is_individual": may}
            for handle, may in held.items()
        ]
        made = self._database.upsert(_holdouts).on_conflict_do_nothing(index_elements=["campaign", "handle"])
        if rows:
            with self._database.writing() as connection:
                connection.execute(made, rows)

    def holdouts(self, campaign: CampaignId) -> dict[Handle, tuple[Micros, bool]]:
        """Whom a campaign was kept from: since when, and whether what they do may be told."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_holdouts).where(_holdouts.c.campaign == campaign))
            return {Handle(row.handle): (Micros(row.held_at), row.is_individual) for row in rows}
