"""The outbox against a model of it: the newest wish per record holds, nothing told twice, nothing lost."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError
from tests.blank import lay_out

from mailwake.events import Handle, Micros
from mailwake.store.crm import CrmStore, Entry, Lane, Why, Wish, open_crm

NOW = Micros(1_780_000_000_000_000)


@pytest.fixture
def store(tmp_path: Path) -> CrmStore:
    lay_out(tmp_path)
    return open_crm(tmp_path / "state.sqlite")


def wish(key: str, lane: Lane = Lane.SUMS, of: str = "Contact", **fields: Any) -> Wish:
    return Wish(object=of, key=key, fields=fields, lane=lane, handle=Handle(7))


def sent(store: CrmStore, wishes: list[Wish], now: int = NOW) -> None:
    store.fulfil([(each, each.key) for each in wishes], now=Micros(now))


def test_a_newer_wish_is_added_to_the_one_that_waits(store: CrmStore) -> None:
    store.wish([wish("1", a=1, b=1)], now=NOW)
    store.wish([wish("1", Lane.CONSENT, b=2)], now=NOW)
    (found,) = store.waiting()
    assert (found.fields, found.lane) == ({"a": 1, "b": 2}, Lane.CONSENT)


def test_what_was_told_is_no_wish(store: CrmStore) -> None:
    assert store.wish([wish("1", a=1, b=None)], now=NOW) == 1
    sent(store, store.waiting())
    assert store.wish([wish("1", a=1, b=None)], now=NOW) == 0
    assert store.wish([wish("1", a=2, b=None)], now=NOW) == 1
    assert [each.fields for each in store.waiting()] == [{"a": 2}]
    store.wish([wish("1", a=1)], now=NOW)
    assert store.waiting() == [], "back to what the org holds"


def test_a_wish_that_grew_while_it_was_sent_goes_on_waiting(store: CrmStore) -> None:
    store.wish([wish("1", a=1)], now=NOW)
    under_way = store.next_wishes(["Contact"], now=NOW, limit=10)
    store.wish([wish("1", a=2)], now=NOW)
    sent(store, under_way)
    (left,) = store.waiting()
    assert left.fields == {"a": 2}
    store.lay_aside(under_way, Why("X", "of the older one"), now=NOW)
    assert store.dead() == []


def test_an_answer_that_comes_late_changes_nothing(store: CrmStore) -> None:
    store.wish([wish("1", a=1)], now=NOW)
    (old,) = store.waiting()
    store.wish([wish("1", a=2)], now=NOW)
    (new,) = store.waiting()
    sent(store, [new])
    sent(store, [old])
    assert store.written([("Contact", "1")])["Contact", "1"].fields == {"a": 2}


def test_lanes_go_first_and_kinds_of_keys_apart(store: CrmStore) -> None:
    store.wish([wish("3", a=1), wish("1", Lane.CONSENT, of="Lead", a=1)], now=NOW)
    member = Wish(object="CampaignMember", key="k", key_field="Engagement_Key__c", fields={"a": 1}, lane=Lane.ROWS)
    store.wish([member, Wish(object="CampaignMember", key="00v", fields={"a": 1}, lane=Lane.ROWS)], now=NOW)
    order = []
    while batch := store.next_wishes(["Contact", "Lead", "CampaignMember"], now=NOW, limit=10):
        order.append([(each.object, each.key_field) for each in batch])
        sent(store, batch)
    assert order == [
        [("Lead", "Id")],
        [("Contact", "Id")],
        [("CampaignMember", "Engagement_Key__c")],
        [("CampaignMember", "Id")],
    ]


def test_put_off_laid_aside_and_tried_again(store: CrmStore) -> None:
    store.wish([wish("1", a=1), wish("2", a=1)], now=NOW)
    one, two = store.waiting()
    store.postpone([one], Why("UNABLE_TO_LOCK_ROW", "busy"), now=NOW, until=Micros(NOW + 5))
    store.lay_aside([two], Why("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no"), now=NOW)
    assert store.next_wishes(["Contact"], now=NOW, limit=9) == []
    assert [each.tries for each in store.next_wishes(["Contact"], now=Micros(NOW + 5), limit=9)] == [1]
    (dead,) = store.dead()
    assert (dead.code, dead.message, dead.wish.key) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no", "2")
    assert store.revive(code="OTHER", now=NOW) == 0
    assert store.revive(now=NOW) == 1
    assert store.counts() == {("Contact", Lane.SUMS, "waiting"): 2}


def test_marks_go_with_the_wishes_or_not_at_all(store: CrmStore) -> None:
    with pytest.raises(StatementError, match="not JSON"):
        store.wish([wish("1", a=object())], now=NOW, marks={"followed": 5})
    assert store.mark("followed") is None
    assert store.waiting() == []
    store.wish([wish("1", a=1)], now=NOW, marks={"followed": 5})
    assert store.mark("followed") == 5


def test_the_journal_tells_runs_and_what_stands(store: CrmStore) -> None:
    line = Entry(
        job="j", at=NOW, object="Contact", key="1", key_field="Id", record="1", before={"a": 1}, after={"a": 2}
    )
    numbers = store.note([line, line])
    store.settle({numbers[0]: ("written", "1"), numbers[1]: ("refused", None)})
    (run,) = store.runs()
    assert (run.job, run.written, run.refused, run.undone) == ("j", 1, 1, 0)
    store.undone(numbers[:1], "undone", at=NOW)
    (run,) = store.runs()
    assert (run.written, run.refused, run.undone) == (1, 1, 1)  # it was written, whatever became of it
    assert [each.state for each in store.entries("j")] == ["refused", "undone"]
    assert store.forget_entries(Micros(NOW + 1)) == 2


FIELDS = st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 2)), min_size=1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wish"), st.sampled_from("12"), FIELDS),
        st.tuples(st.just("send"), st.just(""), st.just({})),
    ),
    max_size=25,
)


@given(STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_once_all_is_sent_the_org_holds_the_newest_of_each_field(store: CrmStore, steps: list[Any]) -> None:
    """Whatever came in whichever order; the org here is a plain dictionary."""
    store.unwrite({("Contact", key): None for key in "12"})
    store.drop([("Contact", key) for key in "12"])
    org: dict[str, dict[str, Any]] = {"1": {}, "2": {}}
    wanted: dict[str, dict[str, Any]] = {"1": {}, "2": {}}
    calls = 0
    for act, key, fields in [*steps, ("send", "", {})]:
        if act == "wish":
            store.wish([wish(key, **fields)], now=NOW)
            wanted[key] |= fields
            continue
        for each in store.next_wishes(["Contact"], now=NOW, limit=10):
            changes = {name: value for name, value in each.fields.items() if org[each.key].get(name, "?") != value}
            assert changes == each.fields, "told again what it holds"
            org[each.key] |= each.fields
            calls += 1
            sent(store, [each])
    assert org == wanted
    assert store.waiting() == []
