"""Whom to call, out of real stores: ranked, explained, filtered; and what the CRM may say against it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from tests.insight import seeding
from tests.scoring.acts import NOW as NOW_OF_ACTS
from tests.scoring.acts import act, person

from mailwake.errors import BadInput
from mailwake.events import EventType, Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring import signals
from mailwake.scoring.answers import ScoreAnswer, score_of, scores
from mailwake.scoring.bands import NOBODY, band, best_from, by_height
from mailwake.scoring.calls import Calls, calls, owners
from mailwake.scoring.desk import Desk
from mailwake.scoring.facts import ContactFacts, Contacts
from mailwake.scoring.model import DAY, default_model, read_model
from mailwake.scoring.movers import movers
from mailwake.scoring.ranking import Ranking, ranking, rankings
from mailwake.scoring.score import scored
from mailwake.scoring.signals import everybody, lately, people
from mailwake.store.answers import visits
from mailwake.store.answers.glance import glancing
from mailwake.store.answers.opening import visits_of
from mailwake.store.answers.remembered import Remembered
from mailwake.store.state import LinkRow, Suppression

HOUR = seeding.HOUR
NOW = seeding.micros(10 * 24 * HOUR)
LINKS = (
    LinkRow(number=1, href="https://x.example/pricing", label="Pricing", role="cta", tracked=True),
    LinkRow(number=2, href="https://x.example/story", label="Read the story", role="text", tracked=True),
)
TEXT = files("mailwake.scoring").joinpath("models/points-1.toml").read_text(encoding="utf-8")
NAMES = ("ann", "ben", "cleo", "dan", "eve", "finn", "gus", "hal", "ida", "joe")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Ann answered and looked at prices; Ben read; Cleo left; Dan's mail comes back; Eve complained; Finn is a machine;
    Gus answered and objects to being profiled; Hal looked at prices long ago; Ida did nothing; Joe read twice."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("calls"))
    mail = seeding.sending(opened, "Offer", links=LINKS)
    mail.people([f"{name}@example.com" for name in NAMES])
    for number in range(len(NAMES)):
        mail.add(EventType.SENT, number, number)
    day = 24 * HOUR

    def click(number: int, days: float, link: int, **more: Any) -> None:
        mail.add(EventType.CLICKED, number, days * day, link=link, role="text", **{**seeding.HUMAN, **more})

    click(0, 9, 1)
    mail.add(EventType.REPLIED, 0, 9.5 * day)
    click(1, 8, 2)
    for number in (2, 3, 4):
        click(number, 9, 1)
    click(5, 9, 1, **seeding.SCANNER)
    mail.add(EventType.REPLIED, 6, 9 * day)
    click(7, 0.5, 1)
    click(9, 2, 2)
    click(9, 3, 2)
    mail.write()
    handle = opened.state.known_handles([f"{name}@example.com" for name in NAMES])
    for number, reason in ((2, "unsubscribed"), (3, "bounced"), (4, "complained")):
        opened.state.suppress(
            handle[f"{NAMES[number]}@example.com"], reason=reason, source="edge", at=Micros(NOW - DAY)
        )
    yield opened
    seeding.close(opened)


def known(stores: Stores, name: str) -> Handle:
    return stores.state.known_handles([f"{name}@example.com"])[f"{name}@example.com"]


@pytest.fixture(scope="module")
def desk(own: Stores) -> Desk:
    told = {known(own, "ann"): ContactFacts(name="Ann Lee", owner="Max", url="https://crm.example/1")}
    told[known(own, "ben")] = ContactFacts(owner="Mia")
    gus = known(own, "gus")
    facts = Contacts(
        facts=lambda handles: {each: told[each] for each in handles if each in told},
        not_profiled=lambda: frozenset((gus,)),
    )
    return Desk(contacts=facts)


def named(found: Calls) -> list[str]:
    return [str(call.address).partition("@")[0] for call in found.calls]


def test_the_best_come_first_with_reasons_act_owner_and_draft(own: Stores, desk: Desk) -> None:
    found = calls(own, desk, now=NOW)
    assert named(found) == ["ann", "hal", "joe", "ben"]
    assert (found.total, found.people, found.bands) == (4, 4, {"Hot": 1, "Warm": 1, "Cool": 2, "Cold": 0})
    ann = found.calls[0]
    assert (ann.rank, ann.name, ann.owner, ann.url) == (1, "Ann Lee", "Max", "https://crm.example/1")
    assert ann.score.band == "Hot"
    assert ann.score.why == "answered (12 h ago); click on Pricing (1 d ago)"
    assert ann.last is not None
    assert (ann.last.act, ann.last.campaign_name) == ("replied", "Offer")
    assert ann.follow_up.text.startswith("Hello Ann,")
    assert ann.follow_up.text.endswith("Max")
    ben = found.calls[3]
    assert ben.follow_up.subject == "About: Read the story"
    assert "Hello there," in ben.follow_up.text
    assert "click" not in ben.follow_up.text
    for call in found.calls:
        assert sum(entry.millipoints for entry in call.score.ledger) == call.score.millipoints


def test_the_list_is_narrowed_by_band_and_owner_and_paged(own: Stores, desk: Desk) -> None:
    assert named(calls(own, desk, now=NOW, band="Cool")) == ["joe", "ben"]
    assert named(calls(own, desk, now=NOW, owner="Mia")) == ["ben"]
    assert calls(own, desk, now=NOW, owner="nobody").total == 0
    pages = [named(calls(own, desk, now=NOW, page=page, page_size=3)) for page in (1, 2, 3)]
    assert pages == [["ann", "hal", "joe"], ["ben"], []]
    assert calls(own, desk, now=NOW, page=2, page_size=3).calls[0].rank == 4
    assert owners(desk, desk.ranking(own, NOW), 10) == ["Max", "Mia"]
    with pytest.raises(BadInput, match="there is no band 'hot'; there are Hot"):
        calls(own, desk, now=NOW, band="hot")


def test_who_may_not_be_ranked_is_told_why(own: Stores, desk: Desk) -> None:
    def told(name: str) -> ScoreAnswer:
        return score_of(own, desk, known(own, name), now=NOW)

    assert (told("cleo").score, told("cleo").band) == (0, "Opted out")
    assert told("cleo").why.startswith("\N{MINUS SIGN}unsubscribed (1 d ago)")
    assert (told("dan").score, told("dan").band) == (None, None)
    assert "comes back" in told("dan").cannot_say
    assert "spam" in told("eve").cannot_say
    gus = told("gus")
    assert (gus.score, gus.band, gus.ledger, gus.why, gus.millipoints) == (None, "Not profiled", (), "", 0)
    assert (told("finn").score, told("finn").ledger) == (0, ()), "a machine's click is nobody's"
    assert (told("ida").score, told("ida").band) == (0, "Cold")
    assert score_of(own, Desk(), known(own, "gus"), now=NOW).score == 64, "until a CRM says so, nobody has objected"


def test_one_person_and_everybody_are_scored_alike_and_earlier_moments_stay(own: Stores) -> None:
    model = default_model()
    for now in (NOW, Micros(NOW - 5 * DAY)):
        whole = {each.handle: scored(each, model, now=now) for each in everybody(own, [model], now=now)}
        single = {each.handle: scored(each, model, now=now) for each in people(own, list(whole), model, now=now)}
        assert single == whole
    early = ranking(own, model, now=Micros(NOW - 5 * DAY))
    assert known(own, "ann") not in early.handles, "what happened later does not count"


def test_who_goes_through_everybody_rests_at_each_of_them_while_pages_are_looked_at(
    own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested = list[float]()
    monkeypatch.setattr(visits, "_STEP_SECONDS", 0.0)
    kept: Any = Remembered(own.events)
    monkeypatch.setattr(visits_of(kept), "give_way", rested.append)
    found = list(everybody(replace(own, events=kept), [default_model()], now=NOW))
    assert len(found) > 3
    assert len(rested) >= 2 * len(found), "when their acts are read, and when they are handed on"


def test_a_mailbox_that_is_full_for_a_while_takes_no_score_away(own: Stores, desk: Desk) -> None:
    hal = known(own, "hal")
    full = Suppression(handle=hal, reason="bounced", source="bounce", at=NOW, expires_at=Micros(NOW + 90 * DAY))
    before = score_of(own, desk, hal, now=NOW)
    own.state.put_suppressions([full])
    assert score_of(own, desk, hal, now=NOW) == before
    own.state.lift(hal, NOW)


def test_scores_of_many_come_in_their_order_and_a_part_at_a_time(
    own: Stores, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles = [known(own, name) for name in NAMES]
    whole = dict(scores(own, desk, handles, now=NOW))
    assert list(whole) == handles
    assert whole[handles[0]] == score_of(own, desk, handles[0], now=NOW)
    signs = list(lately(own, since=Micros(NOW - 3 * DAY), now=NOW))
    names = {known(own, name) for name in ("ann", "ben", "cleo", "dan", "eve", "gus")}
    assert signs == sorted((handle, at) for handle, at in signs)
    assert {handle for handle, _ in signs} == names, "a machine gives no sign"
    monkeypatch.setattr(signals, "BATCH", 3)
    assert dict(scores(own, desk, handles, now=NOW)) == whole
    assert list(lately(own, since=Micros(NOW - 3 * DAY), now=NOW)) == signs
    assert list(lately(own, since=NOW, now=NOW)) == []


def test_movers_are_told_and_nothing_else_changes(own: Stores, desk: Desk) -> None:
    other = read_model(TEXT.replace("points = 30", "points = 0").replace("hot = 60", "hot = 61"), where="x")
    before = calls(own, desk, now=NOW)
    found = movers(own, desk.model, other, desk.contacts, now=NOW)
    assert (found.people, found.moved, found.rebanded) == (4, 1, 1)
    assert [(each.before, each.after, each.people) for each in found.changes] == [("Hot", "Warm", 1)]
    assert [each.address for each in found.movers] == ["ann@example.com"]
    assert found.movers[0].before == before.calls[0].score.score
    assert msgspec.json.encode(calls(own, desk, now=NOW)) == msgspec.json.encode(before)
    same = movers(own, desk.model, desk.model, desk.contacts, now=NOW)
    assert (same.moved, same.changes, same.movers) == (0, (), ())


def test_bands_take_height_a_place_among_the_best_and_a_fresh_act() -> None:
    model = default_model()
    counts = [0] * 101
    counts[5], counts[40], counts[45] = 97, 1, 2
    assert best_from(counts, model) == 41
    assert best_from([100] + [0] * 100, model) == 1
    counts[45] = 3
    assert best_from(counts, model) == 46, "three of a hundred are too many to be the best two"
    told = [(59, 41, True), (59, NOBODY, True), (60, NOBODY, True), (60, NOBODY, False), (31, 31, True), (29, 2, True)]
    assert [by_height(s, model, best_from=b, is_fresh=f) for s, b, f in told] == [
        "Hot", "Warm", "Hot", "Warm", "Hot", "Cool",
    ]  # fmt: skip
    assert band(scored(person(), model, now=NOW), model, best_from=NOBODY, now=NOW) == "Cold"


def test_a_model_that_looks_farther_back_does_not_move_what_the_other_calls_the_best() -> None:
    """The share is one of those whom each model sees; a crowd of long ago would make everybody of today the best."""
    model, far = default_model(), read_model(TEXT.replace("horizon_days = 400", "horizon_days = 3000"), where="x")
    now = [person(*(act("clicked", n % 9, label="Pricing", delivery=m) for m in range(n % 4 + 1))) for n in range(60)]
    old = [person(act("clicked", 500, label="Pricing")) for _ in range(5_000)]
    both = rankings([*now, *old], [model, far], now=NOW_OF_ACTS)
    alone = rankings(now, [model], now=NOW_OF_ACTS)[0]
    assert both[0].best_from == alone.best_from > both[1].best_from


def test_merge_fields_give_a_name_where_no_crm_does(own: Stores, desk: Desk) -> None:
    own.state.handles(["hal@example.com"], now=NOW, fields={"hal@example.com": {"First_Name": " Hal "}})
    hal = calls(own, replace(desk), now=NOW).calls[1]
    assert (hal.name, hal.follow_up.text.splitlines()[0]) == ("Hal", "Hello Hal,")


def test_after_a_start_who_looks_is_told_by_the_last_ranking_and_no_program_is(own: Stores) -> None:
    made = list[bool]()
    own.state.put_value(f"scoring best from {default_model().id}", "")  # other tests ranked

    def keep(make: Callable[[], Ranking]) -> Ranking:
        made.append(True)
        return make()

    started = Desk(keep=keep, soon=lambda *_: None)
    with glancing():
        assert started.best_from(own, NOW) == ranking(own, default_model(), now=NOW).best_from
        assert made == [True], "nobody was ever ranked, so it is waited for"
        own.state.put_value(f"scoring best from {default_model().id}", "77")
        assert started.best_from(own, NOW) == 77
    assert started.best_from(own, NOW) == ranking(own, default_model(), now=NOW).best_from
    assert made == [True] * 2
    with glancing():
        assert started.best_from(own, NOW) == ranking(own, default_model(), now=NOW).best_from, "it was noted"
    assert made == [True] * 2
