"""Every question gives the same rows on DuckDB and on ClickHouse's own engine, whatever is in the tables."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from mailwake.errors import BadInput
from mailwake.store.answers.remembered import Remembered
from mailwake.store.events import CounterRow, EventRow, EventStore, open_events
from mailwake.store.events.asking import question, questions
from mailwake.store.events.clickhouse import ClickHouseEvents

#: seed to number of events: nothing at all, so few that most groups are empty, and enough to fill them
SETS = {0: 0, 1: 1, 2: 25, 3: 400, 4: 3_000, 5: 1_000}
NAMES = sorted(questions())
#: before every place in a list
FIRST = {"after_at": -1, "after_unit": -(2**62)}
FILTERS = (
    "",
    "sent",
    "delivered",
    "bounced",
    "opened_human",
    "clicked_machine",
    "clicked",
    "opened",
    "nonsense' or 1=1",
)


class Both:
    """The same events in both engines."""

    def __init__(self, rows: list[EventRow], duck: EventStore, click: ClickHouseEvents, *, is_whole: bool) -> None:
        self.rows, self.duck, self.click = rows, duck, click
        #: whether each question is asked in every way that there is
        self.is_whole = is_whole


@pytest.fixture(
    scope="module",
    params=[(3, False), *(pytest.param((seed, True), marks=pytest.mark.long) for seed in range(6))],
    ids=lambda given: f"{SETS[given[0]]}-events{'-whole' if given[1] else ''}",
)
def both(
    request: pytest.FixtureRequest,
    clickhouse: ClickHouseEvents,
    random_events: Callable[[int, int], tuple[list[EventRow], list[CounterRow]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Both]:
    seed, is_whole = request.param
    rows, counters = random_events(seed, SETS[seed])
    duck = open_events(tmp_path_factory.mktemp("duckdb") / "events.duckdb")
    duck.write(rows=rows, counters=counters)
    for table in ("unjudged", "judged", "provisional", "counters"):
        clickhouse.client.command(f"truncate table {table}")
    clickhouse.insert(rows, counters)
    yield Both(rows, Remembered(duck), clickhouse, is_whole=is_whole)  # two tests ask it the same
    duck.close()


def parameters(name: str, rows: list[EventRow], campaign: int) -> list[Mapping[str, int | str]]:
    """What to ask a question with: every filter, every bucket, a short page and one beyond the end."""
    clicked = next((row for row in rows if row.type == "clicked" and row.template and row.link), None)
    one: dict[str, int | str] = {
        "campaign": campaign,
        "template": clicked.template if clicked and clicked.template else 7,
        "link": clicked.link if clicked and clicked.link else 1,
        "delivery": rows[0].delivery if rows and rows[0].delivery else 1,
        "bucket_seconds": 60,
        "since": min((row.at for row in rows), default=0),
        "opened_since": min((row.at for row in rows), default=0) + 1_000_000,
        "sent_since": sorted(row.at for row in rows)[len(rows) // 2] if rows else 0,
        "until": max((row.at for row in rows), default=0),
        "after": -1,
        "only": "",
        "limit": 1_000,
        "offset": 0,
        **FIRST,
        "after_id": -1,
        "network": next((row.network for row in rows if row.network), 1),
        "sooner": 600_000_000,
        "later": 3_600_000_000,
        "links": 2,
        "within": 600_000_000,
        "domain": next((row.domain for row in rows if row.domain), "a.example"),
        "recipient": next((row.recipient for row in rows if row.recipient), 1),
        "before": max((row.at for row in rows), default=0),
        "day": 3_600_000_000,
        "device": "",
        "client": "",
        "country": "",
        "sent_seconds": 3_600,
        "age_seconds": 600,
        "age": 3_600_000_000,
        "kind": "clicked",
        "domains": "",
        "elsewhere": 0,
        "hours": "",
        "quarters": ",DE,",
        "gone": "",
        "parts": 1,
        "part": 0,
        "who": "",
        "recipients": "",
        "campaigns": "1,2",
        "first": 1,
        "last": 2,
        "ahead": 3_600,
        "gap": 600_000_000,
        "grade": 1,
        "sends": 1,
        "events": ",".join(str(row.id) for row in rows[:20]),
        "role": "cta",
        "goal": "",
        "window": 2_000_000_000,
        "step": 86_400,
        "middle": (min((row.at for row in rows), default=0) + max((row.at for row in rows), default=0)) // 2,
    }
    wanted = question(name).parameters
    found = [one]
    if "only" in wanted:
        found += [{**one, "only": word} for word in FILTERS]
    if "recipients" in wanted:
        found += [{**one, "recipients": f"{one['recipient']},17"}, {**one, "recipients": "' or 1=1"}]
    if "offset" in wanted:
        found += [{**one, "limit": 3, "offset": 2}, {**one, "offset": 10_000}]
    if "after_at" in wanted:
        middle = sorted((row.at, row.id) for row in rows)[len(rows) // 2] if rows else (0, 0)
        found += [{**one, "after_at": middle[0], "after_id": middle[1], "after_unit": middle[1], "only": "returned"}]
        found += [{**one, "after_at": middle[0], "after_id": middle[1], "after_unit": middle[1], "limit": 7}]
    if "age" in wanted:
        found += [{**one, "age": 1 << 60, "device": "unknown"}, {**one, "age": 1 << 60, "country": "DE' or 1=1"}]
    if "elsewhere" in wanted:
        mailed = {"domains": f",{one['domain']},", "kind": ""}
        found += [{**one, **mailed, "elsewhere": other} for other in (0, 1)]
        found += [{**one, "kind": "", "device": "unknown"}, {**one, "country": "DE", "only": "clicked"}]
        hours = "".join(f",{row.country or 'DE'}@{row.at // 900_000_000}" for row in rows[:40])
        found += [{**one, "hours": f"{hours},"}, {**one, "hours": "' or 1=1"}, {**one, "hours": ","}]
        found += [{**one, "client": "Gmail' or 1=1"}, {**one, "domains": "' or 1=1"}]
    if "role" in wanted:
        found += [{**one, "role": ""}, {**one, "role": "cta' or 1=1"}]
    if "goal" in wanted:
        found += [{**one, "goal": "purchase", "until": 1 << 60}, {**one, "goal": "x' or 1=1", "until": 1 << 60}]
    if "bucket_seconds" in wanted:
        found += [{**one, "bucket_seconds": seconds} for seconds in (1, 3_600, 604_800)]
    return [{key: value for key, value in each.items() if key in wanted} for each in found]


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_give_the_same_rows(both: Both, name: str) -> None:
    elsewhere = [parameters(name, both.rows, campaign)[0] for campaign in (2, 99)]
    here = parameters(name, both.rows, 1)
    for given in [*here, *elsewhere] if both.rows and both.is_whole else here[:1]:
        duck, click = both.duck.ask(name, **given), both.click.ask(name, **given)
        assert duck == click, given
        assert [list(row) for row in duck] == [list(row) for row in click]


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_numbers_texts_and_none(both: Both, name: str) -> None:
    for given in parameters(name, both.rows, 1)[: None if both.is_whole else 1]:
        values = [value for row in both.duck.ask(name, **given) for value in row.values()]
        assert all(value is None or type(value) in (int, float, str) for value in values)


@pytest.mark.long
def test_a_store_narrowed_to_people_tells_what_a_store_of_their_copies_alone_does(
    both: Both, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every question that comparisons and click maps ask, on both engines."""
    handles = sorted({row.recipient for row in both.rows if row.type == "sent" and row.recipient})[::2]
    copies = {row.delivery for row in both.rows if row.type == "sent" and row.recipient in handles}
    alone = open_events(tmp_path_factory.mktemp("alone") / "events.duckdb")
    alone.write(rows=[row for row in both.rows if row.delivery in copies and row.delivery is not None])
    for name in ("campaign_counts", "ages", "mix", "links", "link_chances", "template_bases", "clients", "weeks"):
        for given in parameters(name, both.rows, 1)[:2]:
            expected = alone.ask(name, **given)
            assert both.duck.among(handles).ask(name, **given) == expected, name
            assert both.click.among(handles).ask(name, **given) == expected, name
    assert both.duck.among([]).ask("campaign_counts", campaign=1) == []
    assert both.duck.ask("latest")[0]["event_count"] == len(both.rows), "the store itself is whole"
    alone.close()


def test_hostile_filters_are_only_text(both: Both) -> None:
    for engine in (both.duck, both.click):
        asked: Any = engine.ask
        assert asked("recipients", campaign=1, only="'; drop table settled; --", limit=10, offset=0, **FIRST) == []
        assert asked("latest")[0]["event_count"] == len(both.rows)


def test_a_question_says_what_it_asks_and_takes_exactly_what_it_names(store: EventStore) -> None:
    for name in NAMES:
        asked = question(name)
        assert asked.text.startswith("-- "), name
        assert "?" in asked.text.splitlines()[0] + asked.text.splitlines()[1], name
        used = asked.text.split("\n", 1)[1]
        assert all(used.count(f"${parameter}") >= 2 for parameter in asked.parameters), f"{name}: named, but not used"
        with pytest.raises(BadInput, match="takes"):
            store.ask(name, nonsense=1)


def test_a_parameter_of_another_kind_is_refused(store: EventStore) -> None:
    with pytest.raises(BadInput, match="campaign must be of kind integer"):
        store.ask("campaign_counts", campaign="1 or 1=1")


def test_an_unknown_question_is_refused_by_name(store: EventStore) -> None:
    with pytest.raises(BadInput, match=r"no question '\.\./secrets'"):
        store.ask("../secrets")
    with pytest.raises(BadInput, match="no question '_counts'"):
        store.ask("_counts")


def test_reasons_against_are_codes_that_weigh_and_no_words(both: Both) -> None:
    found = {row["code"] for campaign in (1, 2) for row in both.duck.ask("machine_reasons", campaign=campaign)}
    assert found <= {"", "network", "known_kind"}
    assert not both.rows or len(both.rows) < 1_000 or "network" in found
