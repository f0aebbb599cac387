"""Guards hold for any candidates in any order: caps, repeats, quiet hours, and the wall against machines."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mailwake.events import SECOND, Handle, Micros
from mailwake.rules.guards import Guards, Ledger, Limits, loud
from mailwake.rules.people import Person
from mailwake.rules.rule import Rule, Task, Trigger
from mailwake.rules.signals import DAY, FRESH, HOUR, Signal, unfit, untimely
from mailwake.rules.triggers import Candidate
from mailwake.store.crm import CrmPerson
from mailwake.store.workflows import Decision, RuleEntry

UTC_ZONE = ZoneInfo("UTC")
START = int(datetime(2026, 11, 16, tzinfo=UTC).timestamp()) * SECOND
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland")
RULE = Rule(name="a", version="1", path="", trigger=Trigger.CLICK, quiet=False, task=Task())
RULES = [
    RULE,
    replace(RULE, name="b", again="every"),
    replace(RULE, name="c", again="once", quiet=True),
    replace(RULE, name="d", again="after 1d", most_per_hour=2),
]


def person(handle: int) -> Person:
    record = CrmPerson(id=f"p{handle}", kind="Contact", address_key="", created_at=Micros(0), changed_at=Micros(0))
    return Person(
        handle=Handle(handle), record=record, owner=f"owner{handle % 2}", zone=ZoneInfo(ZONES[handle % 2]),
        suppressed=frozenset(), is_silent=False, is_unprofiled=False, is_opted_out=False,
    )  # fmt: skip


def candidate(rule: Rule, handle: int, at: int) -> Candidate:
    return Candidate(
        rule=rule, key=hash((rule.name, handle, at)), handle=Handle(handle), subject=f"person {handle}",
        at=Micros(at), rests_on=None, facts={},
    )  # fmt: skip


WANTED = st.lists(
    st.tuples(st.sampled_from(RULES), st.integers(0, 4), st.integers(0, 5 * 24 * 12)), min_size=1, max_size=80
)
LIMITS = st.builds(Limits, person_per_day=st.integers(1, 3), owner_per_day=st.integers(1, 3), per_day=st.integers(1, 6))


def decided(wanted: list[tuple[Rule, int, int]], limits: Limits) -> list[RuleEntry]:
    guards = Guards(
        limits=limits, ledger=Ledger(), is_chosen=lambda *_: True, has_cooled=lambda *_: True, zone=UTC_ZONE
    )
    found = []
    for rule, handle, slot in wanted:
        at = START + slot * 300 * SECOND
        found.append(guards.decide(candidate(rule, handle, at), person(handle), now=Micros(at)))
    return [each for each in found if each.decision is not Decision.REFUSED]


@given(wanted=WANTED, limits=LIMITS)
def test_caps_and_repeats_hold_in_any_order(wanted: list[tuple[Rule, int, int]], limits: Limits) -> None:
    acted = list({(each.rule, each.event): each for each in decided(wanted, limits)}.values())
    assert max(Counter(each.day for each in acted).values(), default=0) <= limits.per_day
    assert max(Counter((each.handle, each.day) for each in acted).values(), default=0) <= limits.person_per_day
    own = [each for each in acted if each.why != "owner_full"]
    assert max(Counter((each.owner, each.day) for each in own).values(), default=0) <= limits.owner_per_day
    for name, days in (("a", 7), ("c", 10_000), ("d", 1)):
        times: dict[str, list[int]] = {}
        for each in acted:
            if each.rule == name:
                times.setdefault(each.subject, []).append(each.at)
        for mine in times.values():
            assert all(later - earlier >= days * DAY for earlier, later in pairwise(sorted(mine)))
    for each in (each for each in acted if each.rule == "c"):
        minute = datetime.fromtimestamp(each.due_at / SECOND, person(each.handle).zone)
        assert 8 <= minute.hour < 20
        assert (each.decision is Decision.DEFERRED) == (each.due_at > each.decided_at)


def test_what_happened_between_two_that_were_acted_upon_comes_too_soon_after_the_first() -> None:
    """Learned of in another order than it happened in: the day after the last one is not the only day that counts."""
    rule = next(each for each in RULES if each.name == "d")
    wanted = [(rule, 0, 0), (rule, 0, 600), (rule, 0, 100)]
    assert len(decided(wanted, Limits())) == 2


SIGNALS = st.builds(
    Signal,
    id=st.integers(0, 9),
    type=st.sampled_from(["clicked", "bounced", "replied"]),
    at=st.integers(START, START + 4 * DAY).map(Micros),
    learned_at=st.integers(START, START + 8 * DAY).map(Micros),
    handle=st.just(Handle(1)),
    campaign=st.none(),
    template=st.none(),
    link=st.none(),
    role=st.just(""),
    p_human=st.none() | st.floats(0, 1),
    klass=st.sampled_from([None, "human", "mpp", "proxy", "scanner", "preview", "prefetch", "unknown"]),
    reason=st.just(""),
    is_settled=st.booleans(),
    replayed_from=st.none() | st.floats(0, 1),
)


@given(signal=SIGNALS, least=st.floats(0.5, 1), now=st.integers(START, START + 9 * DAY))
def test_only_final_news_of_people_get_past_the_wall(signal: Signal, least: float, now: int) -> None:
    rule = replace(RULE, p_human=least)
    if unfit(rule, signal, now=now) or untimely(signal.at, started_at=START + DAY, now=now):
        return
    assert signal.is_settled
    assert signal.learned_at - signal.at <= 24 * HOUR
    assert signal.at > START + DAY
    assert now - signal.at < FRESH
    if signal.type == "clicked" or signal.klass is not None:
        assert signal.klass != "mpp"
        assert signal.p_human is not None
        assert signal.p_human >= least
        assert signal.replayed_from is None or signal.replayed_from >= least


@given(
    at=st.integers(START, START + 400 * DAY),
    zone=st.sampled_from(ZONES),
    quiet=st.tuples(st.integers(0, 1_439), st.integers(0, 1_439)).filter(lambda both: both[0] != both[1]),
)
def test_quiet_hours_end_within_a_day_and_are_over_then(at: int, zone: str, quiet: tuple[int, int]) -> None:
    """Not when clocks change within them: an hour that is not there ends with the next one."""
    there = ZoneInfo(zone)
    moved = loud(at, there, quiet)
    assert at <= moved <= at + 25 * HOUR
    before, after = (datetime.fromtimestamp(each / SECOND, there).utcoffset() for each in (at, moved))
    if before == after:
        assert loud(moved, there, quiet) == moved
