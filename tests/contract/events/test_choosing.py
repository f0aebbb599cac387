"""Whom a choice chooses: the same on both engines, and the same as a few lines of Python say over the same events."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from mailwake.errors import BadInput
from mailwake.events import Class, EventType, Handle, Micros
from mailwake.store.events import EventRow, open_events
from mailwake.store.events.choosing import ANY, MANY, Choice, Every, Piece, Some, Without, chooses_others
from mailwake.store.events.clickhouse import ClickHouseEvents

from .conftest import BASE, RandomRows

SEEDS, QUICK = 40, 12
DAY = 86_400_000_000
NOW = BASE + 300 * DAY
LINKS = f"{7 * 65_536 + 1},{0xFFFFFFFF * 65_536 + 65_535}"
Rows = list[EventRow]
Times = defaultdict[int, list[int]]


def peopled(rows: Rows) -> Rows:
    """Random events over ten months, of people with several copies each."""
    chance = random.Random(len(rows))
    who = {row.delivery: Handle(chance.randrange(1, 40)) for row in rows}
    return [
        msgspec.structs.replace(
            row,
            recipient=who[row.delivery] if chance.random() < 0.95 else None,
            at=Micros(BASE + chance.randrange(300) * DAY + chance.choice([0, 0, 1, DAY - 1])),
        )
        for row in rows
    ]


class Both:
    """The same events in both engines and in Python."""

    def __init__(self, rows: Rows, engines: list[Any]) -> None:
        self.rows, self.engines = rows, engines

    def chosen(self, choice: Choice) -> list[int]:
        """Whom both choose, after they were found to agree; on size too."""
        told = [engine.choose("people", choice, until=NOW, limit=10_000, offset=0, after=-1) for engine in self.engines]
        sizes = [engine.choose("size", choice) for engine in self.engines]
        known = [engine.ask("everybody", until=NOW) for engine in self.engines]
        assert told[0] == told[1]
        assert known[0] == known[1] == [{"everybody": len(everybody(self.rows))}]
        assert sizes[0] == sizes[1]
        (size,) = sizes[0]
        rest = len(everybody(self.rows)) - size["others"]
        assert (rest if chooses_others(choice) else size["chosen"]) == len(told[0])
        return [row["recipient"] for row in told[0]]


@pytest.fixture(
    scope="module",
    params=[25, *(pytest.param(each, marks=pytest.mark.long) for each in (0, 3_000))],
    ids=lambda n: f"{n}-events",
)
def both(
    request: pytest.FixtureRequest,
    clickhouse: ClickHouseEvents,
    random_rows: RandomRows,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Both]:
    rows = peopled(random_rows(request.param, request.param))
    duck = open_events(tmp_path_factory.mktemp("duckdb") / "events.duckdb")
    duck.write(rows=rows)
    for table in ("unjudged", "judged", "provisional"):
        clickhouse.client.command(f"truncate table {table}")
    clickhouse.insert(rows)
    yield Both(rows, [duck, clickhouse])
    duck.close()


def everybody(rows: Rows) -> set[int]:
    return {row.recipient for row in rows if row.recipient is not None}


def grade(row: EventRow) -> int:
    """As docs/reference/stores.md has it."""
    if row.p_human is not None and row.p_human >= 0.5:
        return 2
    return 1 if row.p_human is None or row.p_human >= 0.2 or row.klass is Class.MPP else 0


def reacts(row: EventRow) -> bool:
    if row.type == "clicked":
        return row.note != "decoy" and row.role not in {"unsubscribe", "preferences", "decoy"}
    return row.type == "opened"


def did(rows: Rows, **wanted: Any) -> set[int]:
    """The piece of this name, in Python."""
    found: defaultdict[int, list[EventRow]] = defaultdict(list)
    for row in rows:
        if row.recipient is not None and row.type == wanted["kind"] and fits(row, wanted):
            found[row.recipient].append(row)
    return {who for who, theirs in found.items() if wanted["low"] <= counted(theirs, wanted["per"]) <= wanted["high"]}


def fits(row: EventRow, wanted: dict[str, Any]) -> bool:
    link = None if row.template is None or row.link is None else f"{row.template * 65_536 + row.link}"
    return (
        (row.type not in {"opened", "clicked"} or reacts(row))
        and wanted["grade"] in {-1, grade(row)}
        and wanted["since"] <= row.at < wanted["until"]
        and (wanted["links"] == ANY or link in wanted["links"].split(","))
        and (wanted["campaigns"] == ANY or str(row.campaign) in wanted["campaigns"].split(","))
        and (wanted["domains"] == ANY or f",{row.domain}," in wanted["domains"])
        and (not wanted["goal"] or row.reason.startswith(f"{wanted['goal']} "))
        and wanted["country"] in {"", row.country}
        and wanted["client"] in {"", (row.client or "").lower()}
    )


def counted(rows: Rows, per: str) -> int:
    if per == "days":
        return len({row.at // DAY for row in rows})
    if per == "times":
        return len(rows)
    return len({row.delivery or -row.id for row in rows if row.delivery or row.type not in {"opened", "clicked"}})


def engaged(rows: Rows, **wanted: Any) -> set[int]:
    """The piece of this name, in Python."""
    signs: defaultdict[int, list[int]] = defaultdict(list)
    watched: defaultdict[int, list[int]] = defaultdict(list)
    for row in (row for row in rows if row.recipient is not None and row.at < wanted["until"]):
        if is_sign(row):
            signs[row.recipient or 0].append(row.at)
        if row.type in {"sent", "delivered"} and 3 in divmod(row.modes, 16):
            watched[row.recipient or 0].append(row.at)

    def state_of(who: int) -> str:
        since = max(signs[who]) if signs[who] else min(watched[who], default=None)
        if since is None:
            return "unwatched"
        if since >= wanted["active_since"]:
            return "active" if signs[who] else "new"
        return "lapsing" if since >= wanted["dormant_since"] else "dormant"

    return {who for who in everybody(rows) if state_of(who) == wanted["state"]}


def is_sign(row: EventRow) -> bool:
    return (reacts(row) and grade(row) == 2) or row.type in {"replied", "converted"}


def evaluated(choice: Choice, rows: Rows) -> set[int]:
    if isinstance(choice, Piece):
        return {"did": did, "engaged": engaged}[choice.name](rows, **choice.values)
    if isinstance(choice, Without):
        return everybody(rows) - evaluated(choice.of, rows)
    parts = [evaluated(part, rows) for part in choice.of]
    return set.intersection(*parts) if isinstance(choice, Every) else set.union(*parts)


def random_piece(chance: random.Random) -> Piece:
    if chance.random() < 0.2:
        days = sorted(chance.sample(range(1, 300), 2))
        return Piece(
            name="engaged",
            values={
                "state": chance.choice(["active", "lapsing", "dormant"]),
                "active_since": NOW - days[0] * DAY,
                "dormant_since": NOW - days[1] * DAY,
                "until": NOW,
            },
        )
    return random_did(chance)


def random_did(chance: random.Random) -> Piece:
    low = chance.choice([1, 1, 1, 2, 3])
    return Piece(
        name="did",
        values={
            "kind": chance.choice(
                ["clicked", "opened", "clicked", "opened", "sent", "delivered", "bounced", "replied"]
            ),
            "grade": chance.choice([-1, -1, 0, 1, 2]),
            "per": chance.choice(["times", "days", "mails"]),
            "low": low,
            "high": chance.choice([MANY, MANY, low, low + 2]),
            "since": chance.choice([0, 0, NOW - chance.randrange(300) * DAY]),
            "until": chance.choice([NOW, NOW, NOW - chance.randrange(300) * DAY]),
            "links": chance.choice([ANY, ANY, ANY, LINKS, ""]),
            "campaigns": chance.choice([ANY, ANY, ANY, "1,2", "4", ""]),
            "domains": chance.choice([ANY, ANY, ANY, ",a.example,", ",b.example,a.example,", ",,"]),
            "goal": chance.choice(["", "", "", "550"]),
            "country": chance.choice(["", "", "", "DE"]),
            "client": chance.choice(["", "", "", "apple mail", "a <b> & 'c'"]),
        },
    )


def random_choice(chance: random.Random, depth: int = 0) -> Choice:
    kind = chance.choice(["piece", "without", "every", "some"]) if depth < 3 else "piece"
    if kind == "piece":
        return random_piece(chance)
    if kind == "without":
        return Without(random_choice(chance, depth + 1))
    parts = tuple(random_choice(chance, depth + 1) for _ in range(chance.choice([1, 2, 3])))
    return Every(parts) if kind == "every" else Some(parts)


@pytest.mark.parametrize(
    "seed", [*range(QUICK), *(pytest.param(n, marks=pytest.mark.long) for n in range(QUICK, SEEDS))]
)
def test_a_choice_is_what_plain_python_says(both: Both, seed: int) -> None:
    choice = random_choice(random.Random(seed))
    assert both.chosen(choice) == sorted(evaluated(choice, both.rows))


def test_the_choices_tried_tell_people_apart(both: Both) -> None:
    """Else the test above would be content with nobody and everybody."""
    sizes = [len(evaluated(random_choice(random.Random(seed)), both.rows)) for seed in range(SEEDS)]
    if len(both.rows) > 1_000:
        assert len(set(sizes) - {0, len(everybody(both.rows))}) >= 8


def test_a_hostile_value_is_only_text(both: Both) -> None:
    hostile = "'); drop table settled; --"
    values = {
        **random_did(random.Random(1)).values,
        "links": ANY,
        "campaigns": ANY,
        "client": "",
        "domains": ANY,
        "goal": "",
    }
    for name in ("country", "client", "links", "campaigns", "kind", "domains", "goal"):
        assert both.chosen(Piece(name="did", values={**values, name: hostile})) == []
    assert both.engines[0].ask("latest")[0]["event_count"] == len(both.rows)


def test_pages_give_everybody_once(both: Both) -> None:
    choice = Without(Piece(name="engaged", values={**_engaged(), "state": "nonsense"}))
    pages = [
        row["recipient"]
        for offset in range(0, 50, 7)
        for row in both.engines[0].choose("people", choice, until=NOW, limit=7, offset=offset, after=-1)
    ]
    assert pages == sorted(everybody(both.rows))


def test_a_piece_with_other_parameters_is_refused(both: Both) -> None:
    with pytest.raises(BadInput, match="engaged takes"):
        both.engines[0].choose("size", Piece(name="engaged", values={"state": "active"}))
    with pytest.raises(BadInput, match="must be of kind integer"):
        both.engines[0].choose("size", Piece(name="engaged", values={**_engaged(), "until": "now"}))


def _engaged() -> dict[str, Any]:
    return {"state": "active", "active_since": NOW - DAY, "dormant_since": NOW - 9 * DAY, "until": NOW}


@pytest.mark.parametrize("days", [20, *(pytest.param(days, marks=pytest.mark.long) for days in (1, 90))])
def test_a_sunset_is_what_plain_python_says(both: Both, days: int) -> None:
    given = {"since": BASE + 100 * DAY, "until": NOW, "gap": days * DAY}
    told = [engine.ask("sunset", **given, parts=1, part=0) for engine in both.engines]
    assert told[0] == told[1] == sunset(both.rows, **given)
    for engine in both.engines:
        parts = [row for part in range(3) for row in engine.ask("sunset", **given, parts=3, part=part)]
        for whole in told[0]:
            here = [row for row in parts if row["period"] == whole["period"]]
            assert {name: sum(row[name] for row in here) for name in whole} == {
                **whole,
                "period": whole["period"] * len(here),
            }


def sunset(rows: Rows, *, since: int, until: int, gap: int) -> list[dict[str, int]]:
    """Goes through each person's life day by day, as the policy would have."""
    copies, signs, watched, pressed = _life([row for row in rows if row.at < until])
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    people: defaultdict[tuple[int, bool], set[int]] = defaultdict(set)
    out: set[int] = set()
    for at, who, copy in sorted((at, who, copy) for copy, (at, who) in copies.items() if at >= since):
        last = max((sign for sign in signs[who] if sign <= at), default=min(watched[who], default=None))
        if last is not None and last + gap <= at:
            out.add(who)
        period, is_out, was_pressed = (until - 1 - at) // (30 * DAY), who in out, copy in pressed
        found[period] += Counter(copies=1, spared=is_out, clicked=was_pressed, lost=is_out and was_pressed)
        people[period, False].add(who)
        if is_out:
            people[period, True].add(who)
    names = ("copies", "spared", "clicked", "lost")
    return [
        {
            "period": period,
            **{name: found[period][name] for name in names},
            "people": len(people[period, False]),
            "left_out": len(people[period, True]),
        }
        for period in sorted(found)
    ]


def _life(rows: Rows) -> tuple[dict[int, tuple[int, int]], Times, Times, set[int]]:
    sends: defaultdict[int, Rows] = defaultdict(list)
    signs: defaultdict[int, list[int]] = defaultdict(list)
    watched: defaultdict[int, list[int]] = defaultdict(list)
    pressed: set[int] = set()
    for row in rows:
        if row.type is EventType.SENT and row.delivery is not None and row.recipient is not None:
            sends[row.delivery].append(row)
        if row.recipient is not None and is_sign(row):
            signs[row.recipient].append(row.at)
        if row.delivery is not None and row.type == "clicked" and reacts(row) and grade(row) == 2:
            pressed.add(row.delivery)
    copies = {copy: (int(min(row.at for row in each)), int(each[0].recipient or 0)) for copy, each in sends.items()}
    for copy, each in sends.items():
        if any(3 in divmod(row.modes, 16) for row in each):
            watched[copies[copy][1]].append(copies[copy][0])
    return copies, signs, watched, pressed
