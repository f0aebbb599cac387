"""Everything as a database file for notebooks: stable views with a comment on each column, and a version."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mailwake.events import Micros
from mailwake.exports.formats import moment_text
from mailwake.exports.reading import Asked
from mailwake.exports.tables import TABLES, Table
from mailwake.insight.metrics import metrics
from mailwake.insight.stores import Stores
from mailwake.store.events.files import Told, write_database

#: of the views; a column is only ever added to one, and what would change another way is a new version beside this one
SCHEMA = "v1"
#: view to the table that it is of, and whether that is asked for each campaign
_VIEWS: Mapping[str, tuple[str, bool]] = {
    "campaigns": ("campaigns", False),
    "links": ("links", True),
    "deliveries": ("people", True),
    "events": ("events", True),
}
#: what tells who somebody is
_PERSONAL = ("address", "reason")


@cache
def meanings() -> dict[str, dict[str, str]]:
    """View to column to what it means; columns that every view has under the same meaning stand under ``all``."""
    text = files("mailwake.exports").joinpath("meanings.toml").read_text(encoding="utf-8")
    told: dict[str, dict[str, str]] = tomllib.loads(text)
    for name, metric in metrics().items():
        told["campaigns"] |= {name: f"{metric.label}, 0-1. {metric.sentence}"}
        told["campaigns"] |= {
            f"{name}__{end}": f"{end} end of its interval ({metric.interval})" for end in ("low", "high")
        }
    return told


def write_snapshot(
    stores: Stores, path: Path, *, now: Micros, addresses: bool, version: str = "", each: Callable[[str], None] = print
) -> dict[str, int]:
    """Write all campaigns, links, deliveries and events.

    Args:
        stores: where they are.
        path: of the file, which must not be there yet.
        now: when.
        addresses: True: with addresses, and with words of other servers, which may hold them.
        version: of the program.
        each: told the name of each view before it is written.

    Returns:
        View to how many rows it has.
    """
    about = {
        "schema": SCHEMA,
        "made_at": moment_text(now),
        "made_by": f"mailwake {version}".strip(),
        "timezone": stores.zone.key,
        "addresses": "yes" if addresses else "no",
    }
    tables = (_told(stores, view, now, addresses=addresses, each=each) for view in _VIEWS)
    return write_database(path, tables, about, schema=SCHEMA)


def _told(stores: Stores, view: str, now: Micros, *, addresses: bool, each: Callable[[str], None]) -> Told:
    name, by_campaign = _VIEWS[view]
    table = TABLES[name]
    kept = [place for place, column in enumerate(table.columns) if addresses or column not in _PERSONAL]
    names = [column for place, column in enumerate(table.columns) if place in set(kept)]
    columns = {"campaign": "id"} if by_campaign else {}
    columns |= {column: table.columns[column] for column in names}
    known = meanings()["all"] | meanings()[view]
    asked = Asked(campaign=None, outcome="all", segment="", now=now, is_nameless=not addresses)
    return Told(
        name=view,
        says=table.says,
        columns=columns,
        meanings={column: known[column] for column in columns},
        batches=_batches(stores, table, asked, kept, by_campaign=by_campaign, begin=lambda: each(view)),
    )


def _batches(
    stores: Stores,
    table: Table,
    asked: Asked,
    kept: Sequence[int],
    *,
    by_campaign: bool,
    begin: Callable[[], None],
) -> Iterator[list[list[Any]]]:
    begin()
    if not by_campaign:
        for batch in table.read(stores, asked):
            yield [[row[place] for place in kept] for row in batch]
        return
    for campaign in sorted(stores.state.campaigns(), key=lambda found: found.id):
        for batch in table.read(stores, replace(asked, campaign=campaign)):
            yield [[campaign.id, *(row[place] for place in kept)] for row in batch]
