"""The numbers are those of docs/reference/stores.md: counted once more in plain Python, and they add up."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from mailwake.events import AgentKind, CampaignId, Class, DeliveryId, EventType, Handle, Micros, Note, Source
from mailwake.store.events import EventRow, EventStore, open_events

RandomRows = Callable[[int, int], list[EventRow]]
NO_CONTENT = ("unsubscribe", "preferences", "decoy")
#: counts that are not of deliveries which could be listed one by one
NO_LIST = ("_events", "_in_base", "_trackable", "_expected", "_doubt")
WORDS = {2: "human", 1: "possible", 0: "machine"}


def grade(row: EventRow) -> int:
    if row.p_human is not None and row.p_human >= 0.5:
        return 2
    return 1 if row.p_human is None or row.p_human >= 0.2 or row.klass == Class.MPP else 0


def reaction(row: EventRow) -> str | None:
    if row.type == EventType.CLICKED and (row.note == Note.DECOY or row.role in NO_CONTENT):
        return None
    return row.type if row.type in (EventType.OPENED, EventType.CLICKED) else None


def unit(row: EventRow) -> int | None:
    if row.delivery is not None:
        return row.delivery
    return None if row.type in (EventType.OPENED, EventType.CLICKED) else -row.id


def chance(events: list[EventRow], kind: str) -> int:
    """That a person did it, in ten-thousandths: one minus the product over programs of one minus the best of each."""
    best: dict[int | None, float] = defaultdict(float)
    for row in events:
        if reaction(row) == kind:
            told = 0.5 if row.p_human is None else math.floor(row.p_human * 10_000 + 1e-6) / 10_000
            best[row.agent] = max(best[row.agent], told)
    return math.floor(0.3183 + 10_000 * (1 - math.prod(1 - each for each in best.values())))


def count(rows: Iterable[EventRow]) -> Counter[str]:
    """The counts of one campaign, without SQL."""
    units: dict[int, list[EventRow]] = defaultdict(list)
    for row in rows:
        if (key := unit(row)) is not None:
            units[key].append(row)
    found: Counter[str] = Counter()
    for events in units.values():
        found.update(_outcome(events))
    return found


def _outcome(events: list[EventRow]) -> Counter[str]:
    def last(kind: EventType) -> int | None:
        return max((row.at for row in events if row.type == kind), default=None)

    found: Counter[str] = Counter()
    for kind in ("sent", "deferred", "rejected", "failed", "complained", "unsubscribed", "replied"):
        found[kind] = int(any(row.type == kind for row in events))
    delivered, bounced = last(EventType.DELIVERED), last(EventType.BOUNCED)
    found["delivered"] = int(delivered is not None and (bounced is None or bounced < delivered - 60 * 10**6))
    found["bounced"] = int(bounced is not None and not found["delivered"])
    found["unresolved"] = int(
        found["sent"] == 1 and delivered is None and bounced is None and not found["rejected"] and not found["failed"]
    )
    for kind, shift, trackable in (("opened", 4, "opens_trackable"), ("clicked", 0, "clicks_trackable")):
        individual = any(row.type == EventType.SENT and row.modes >> shift & 15 == 3 for row in events)
        base = found[trackable] = found["delivered"] * individual
        grades = [grade(row) for row in events if reaction(row) == kind]
        by_esp = sum(row.source == Source.ESP for row in events if reaction(row) == kind)
        found[f"{kind}_events"] = max(by_esp, len(grades) - by_esp)
        p = chance(events, kind)
        for scope, one in (("", 1), ("_in_base", base)):
            found[f"{kind}_expected{scope}"] = one * p
            found[f"{kind}_doubt{scope}"] = one * p * (10_000 - p)
        for scope, one in (("", 1), ("_in_base", base)):
            if grades:
                found[f"{kind}_raw{scope}"] += one
                found[f"{kind}_{WORDS[max(grades)]}{scope}"] += one
    return found


class Full(NamedTuple):
    """A store that is only asked, and what is in it."""

    store: EventStore
    rows: list[EventRow]


@pytest.fixture(scope="module", params=[11, *(pytest.param(seed, marks=pytest.mark.long) for seed in (12, 13))])
def full(
    request: pytest.FixtureRequest, random_rows: RandomRows, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Full]:
    made = Full(open_events(tmp_path_factory.mktemp("full") / "events.duckdb"), random_rows(request.param, 2_000))
    made.store.write(rows=made.rows)
    yield made
    made.store.close()


def test_counts_are_those_counted_without_sql(full: Full) -> None:
    answers = full.store.ask("campaigns_counts")
    assert [answer["campaign"] for answer in answers] == [1, 2, 3, 4]
    for answer in answers:
        wanted = count(row for row in full.rows if row.campaign == answer["campaign"])
        told = {name: n for name, n in answer.items() if name not in ("campaign", "sent_from", "sent_to")}
        assert told == {name: wanted[name] for name in told}
        assert full.store.ask("campaign_counts", campaign=answer["campaign"]) == [answer]


def test_raw_is_human_possible_and_machine_together(full: Full) -> None:
    for answer in full.store.ask("campaigns_counts"):
        for kind in ("opened", "clicked"):
            for scope in ("", "_in_base"):
                parts = [answer[f"{kind}_{word}{scope}"] for word in WORDS.values()]
                assert answer[f"{kind}_raw{scope}"] == sum(parts)
            assert 0 < answer[f"{kind}_raw_in_base"] <= answer[f"{'opens' if kind == 'opened' else 'clicks'}_trackable"]


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ("over_time", {"bucket_seconds": 60}),
        ("over_time", {"bucket_seconds": 86_400}),
        ("clients", {}),
        ("devices", {}),
        ("countries", {}),
    ],
)
def test_every_breakdown_adds_up_to_the_campaign(full: Full, question: str, given: dict[str, int]) -> None:
    (answer,) = full.store.ask("campaign_counts", campaign=1)
    parts = full.store.ask(question, campaign=1, **given)
    assert len(parts) >= 2
    for kind in ("opened", "clicked"):
        for word in WORDS.values():
            assert sum(part[word] for part in parts if part["type"] == kind) == answer[f"{kind}_{word}"]


def test_templates_and_domains_add_up_to_the_campaign(full: Full) -> None:
    (answer,) = full.store.ask("campaign_counts", campaign=1)
    for parts in (full.store.ask("templates_counts", campaign=1), full.store.ask("domains", campaign=1, limit=100)):
        for name in ("sent", "delivered", "bounced", "unresolved", "opened_human", "clicked_machine_in_base"):
            assert sum(part[name] for part in parts) == answer[name]


def test_behind_every_count_stand_as_many_recipients(full: Full) -> None:
    (answer,) = full.store.ask("campaign_counts", campaign=1)
    for name, number in answer.items():
        if name in ("campaign", "sent_from", "sent_to") or name.endswith(NO_LIST):
            continue
        page = full.store.ask("recipients", campaign=1, only=name, limit=5, offset=0, after_at=-1, after_unit=-(2**62))
        assert (page[0]["total"] if page else 0) == number, name


def test_pages_of_recipients_hold_everybody_once(full: Full) -> None:
    everybody = full.store.ask(
        "recipients", campaign=1, only="", limit=100_000, offset=0, after_at=-1, after_unit=-(2**62)
    )
    paged = [
        row
        for offset in range(0, len(everybody), 7)
        for row in full.store.ask(
            "recipients", campaign=1, only="", limit=7, offset=offset, after_at=-1, after_unit=-(2**62)
        )
    ]
    assert paged == everybody
    assert everybody[0]["total"] == len(everybody)


ONE = DeliveryId(1)
HANDED_OVER = (EventType.SENT, EventType.DELIVERED)


def event(
    number: int,
    kind: EventType,
    at: int,
    *,
    delivery: DeliveryId | None = ONE,
    p_human: float | None = None,
    klass: Class | None = None,
    client: str | None = None,
    agent: int | None = None,
    agent_kind: AgentKind = AgentKind.UNKNOWN,
    recipient: Handle | None = None,
    campaign: int = 1,
) -> EventRow:
    return EventRow(
        id=number,
        type=kind,
        at=Micros(at),
        received_at=Micros(at),
        source=Source.EDGE,
        campaign=CampaignId(campaign),
        delivery=delivery,
        recipient=recipient,
        agent=agent,
        agent_kind=agent_kind,
        modes=51,
        p_human=p_human,
        klass=klass,
        client=client,
    )


SECOND = 10**6


def test_a_bounce_after_the_delivery_takes_it_back(store: EventStore) -> None:
    store.write(rows=[event(1, EventType.DELIVERED, 5 * SECOND), event(2, EventType.BOUNCED, 60 * SECOND)])
    (answer,) = store.ask("campaign_counts", campaign=1)
    assert (answer["delivered"], answer["bounced"], answer["opens_trackable"]) == (0, 1, 0)


def test_a_bounce_of_the_same_second_counts_as_later(store: EventStore) -> None:
    """A notice tells its time in whole seconds, so it may seem to be older than the delivery it takes back."""
    store.write(rows=[event(1, EventType.DELIVERED, 5 * SECOND + 900), event(2, EventType.BOUNCED, 5 * SECOND)])
    (answer,) = store.ask("campaign_counts", campaign=1)
    assert (answer["delivered"], answer["bounced"]) == (0, 1)


@pytest.mark.parametrize(
    ("bounced_at", "counts"), [(179_987_000, (0, 1)), (120_011_000, (0, 1)), (120_010_999, (1, 0))]
)
def test_a_bounce_that_overtakes_the_note_of_the_delivery_takes_it_back(
    store: EventStore, bounced_at: int, counts: tuple[int, int]
) -> None:
    """The notice is here before we wrote down that the next server took the mail, perhaps in the second before."""
    store.write(rows=[event(1, EventType.DELIVERED, 180_011_000), event(2, EventType.BOUNCED, bounced_at)])
    (answer,) = store.ask("campaign_counts", campaign=1)
    assert (answer["delivered"], answer["bounced"]) == counts


def test_a_person_found_late_is_counted_where_the_person_was(store: EventStore) -> None:
    hour = 3600 * SECOND
    store.write(
        rows=[
            event(1, EventType.OPENED, 10, p_human=0.01, klass=Class.SCANNER, client="scanner"),
            event(2, EventType.OPENED, 2 * hour, p_human=0.97, klass=Class.HUMAN, client="Apple Mail"),
            event(3, EventType.OPENED, 4 * hour, p_human=0.97, klass=Class.HUMAN, client="Gmail"),
        ]
    )
    times = store.ask("over_time", campaign=1, bucket_seconds=3600)
    assert [(row["bucket_at"] // hour, row["event_count"], row["human"]) for row in times] == [
        (0, 1, 0),
        (2, 1, 1),
        (4, 1, 0),
    ]
    assert [(row["client"], row["human"], row["machine"]) for row in store.ask("clients", campaign=1)] == [
        ("Apple Mail", 1, 0)
    ]


@pytest.mark.parametrize(
    ("p_human", "klass", "word"),
    [
        (0.5, Class.HUMAN, "human"),
        (0.49999, Class.UNKNOWN, "possible"),
        (0.2, Class.SCANNER, "possible"),
        (0.19999, Class.SCANNER, "machine"),
        (0.01, Class.MPP, "possible"),
        (0.9, Class.MPP, "human"),
        (None, Class.UNKNOWN, "possible"),
        (None, None, "possible"),
        (0.0, None, "machine"),
    ],
)
def test_the_thresholds_are_sharp(store: EventStore, p_human: float | None, klass: Class | None, word: str) -> None:
    store.write(rows=[event(1, EventType.CLICKED, 10, p_human=p_human, klass=klass)])
    (answer,) = store.ask("campaign_counts", campaign=1)
    assert {name: answer[f"clicked_{name}"] for name in WORDS.values()} == {
        name: int(name == word) for name in WORDS.values()
    }


def test_opens_without_a_delivery_count_nobody(store: EventStore) -> None:
    """Mode `deliverability` and `aggregate` name no delivery; whatever of them comes here is no person."""
    store.write(rows=[event(1, EventType.OPENED, 10, delivery=None), event(2, EventType.REJECTED, 10, delivery=None)])
    (answer,) = store.ask("campaign_counts", campaign=1)
    assert (answer["opened_raw"], answer["rejected"]) == (0, 1)


def test_a_time_far_in_the_future_breaks_no_question(store: EventStore) -> None:
    store.write(rows=[event(1, EventType.OPENED, 253_402_300_799 * SECOND), event(2, EventType.OPENED, 0)])
    assert store.ask("campaign_counts", campaign=1)[0]["opened_raw"] == 1
    assert store.ask("clients", campaign=1)[0]["possible"] == 1
    assert len(store.ask("over_time", campaign=1, bucket_seconds=1)) == 2


def expected(store: EventStore, kind: str) -> float:
    (answer,) = store.ask("campaign_counts", campaign=1)
    return float(answer[f"{kind}_expected"] / 10_000)


def test_people_are_the_sum_of_probabilities_and_no_threshold(store: EventStore) -> None:
    store.write(
        rows=[event(n, EventType.CLICKED, 10, delivery=DeliveryId(n), p_human=0.4, agent=1) for n in range(1, 101)]
    )
    assert expected(store, "clicked") == pytest.approx(40)
    assert store.ask("campaign_counts", campaign=1)[0]["clicked_human"] == 0


def test_two_programs_are_two_chances_and_one_on_two_networks_is_one(store: EventStore) -> None:
    store.write(rows=[event(n, EventType.OPENED, 10 + n, p_human=0.5, agent=1) for n in (1, 2, 3)])
    assert expected(store, "opened") == pytest.approx(0.5)
    store.write(rows=[event(4, EventType.OPENED, 20, p_human=0.2, agent=2)])
    assert expected(store, "opened") == pytest.approx(0.6)


@pytest.mark.parametrize(("p_human", "told"), [(None, 0.5), (1.0, 1.0), (0.0, 0.0), (0.9999, 0.9999), (0.001, 0.001)])
def test_a_single_probability_is_told_as_it_is_and_none_as_one_half(
    store: EventStore, p_human: float | None, told: float
) -> None:
    store.write(rows=[event(1, EventType.OPENED, 10, p_human=p_human, klass=Class.UNKNOWN)])
    assert expected(store, "opened") == told


def openers(store: EventStore, since: int = 0) -> dict[int, int]:
    rows = store.ask("openers", campaign=1, since=since, until=10**18)
    return {behind: sum(row["units"] for row in rows if row["behind_proxy"] == behind) for behind in (0, 1)}


def test_a_recipient_is_behind_the_proxy_in_every_campaign_within_the_time(store: EventStore) -> None:
    for number in (1, 2):
        store.write(
            rows=[
                event(10 * number + n, kind, 50, delivery=DeliveryId(number), recipient=Handle(number))
                for n, kind in enumerate(HANDED_OVER)
            ]
        )
    assert openers(store) == {0: 2, 1: 0}
    elsewhere = event(
        99, EventType.OPENED, 40, delivery=DeliveryId(9), recipient=Handle(2), klass=Class.MPP, campaign=7
    )
    store.write(rows=[elsewhere])
    assert openers(store) == {0: 1, 1: 1}
    assert openers(store, since=41) == {0: 2, 1: 0}


def test_an_opener_is_unnamed_when_nobody_told_its_program(store: EventStore) -> None:
    programs = ((None, AgentKind.UNKNOWN), (7, AgentKind.UNKNOWN), (None, AgentKind.EMPTY))
    for number, (agent, kind) in enumerate(programs, 1):
        here: dict[str, Any] = {"delivery": DeliveryId(number), "recipient": Handle(number)}
        handed = [event(10 * number + n, each, 50, **here) for n, each in enumerate(HANDED_OVER)]
        opened = event(10 * number + 9, EventType.OPENED, 60, agent=agent, agent_kind=kind, **here)
        store.write(rows=[*handed, opened])
    (told,) = store.ask("openers", campaign=1, since=0, until=10**18)
    assert (told["units"], told["opened_raw"], told["unnamed"]) == (3, 3, 1)


def test_sums_of_openers_are_those_of_the_counts(store: EventStore, full: Full) -> None:
    """The same deliveries, where all of them can tell of both."""
    told = [msgspec.structs.replace(row, id=row.id + 1, campaign=CampaignId(9), modes=51) for row in full.rows]
    store.write(rows=[*full.rows, *told])
    (answer,) = store.ask("campaign_counts", campaign=9)
    parts = store.ask("openers", campaign=9, since=0, until=10**18)
    for name, total in (
        ("units", answer["opens_trackable"]),
        ("p", answer["opened_expected_in_base"]),
        ("q", answer["clicked_expected_in_base"]),
        ("opened_raw", answer["opened_raw_in_base"]),
        ("clicked_raw", answer["clicked_raw_in_base"]),
    ):
        assert sum(part[name] for part in parts) == total
    spread = sum(10_000 * part["q"] - part["qq"] for part in parts)
    assert spread == answer["clicked_doubt_in_base"]
    assert all(part["r"] <= min(part["p"], part["q"]) for part in parts)


def test_rules_are_named_by_how_much_they_judged(full: Full) -> None:
    named = full.store.ask("campaign_rulesets", campaign=1)
    assert [row["ruleset"] for row in named] == ["abc123"]
    judged = [row for row in full.rows if row.campaign == 1 and row.ruleset and row.klass is not None]
    assert named[0]["verdicts"] == len(judged)
