"""What every engine of the state store promises. SQLite is the one there is; PostgreSQL joins as a parameter."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from mailwake.errors import BadInput
from mailwake.events import CampaignId, Handle, Micros, TemplateId
from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes
from mailwake.store.days import open_days
from mailwake.store.state import (
    Axis,
    Consent,
    Exchangers,
    LinkRow,
    Standing,
    StateStore,
    Suppression,
    open_state,
)

AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
HOSTILE = (
    "'; drop table campaigns; --",
    '" or 1=1 --',
    "{{7*7}} %s %(x)s :x $1 ?",
    "<script>alert(1)</script>",
    "a\\b'c\"d",
    "نَشْرة 📬 newsletter",
    "line\nbreak\ttab",
)


@pytest.fixture(params=["sqlite"])
def state(tmp_path: Path) -> Iterator[StateStore]:
    store = open_state(tmp_path / "state.sqlite")
    yield store
    store.close()


def link(number: int, role: str = "cta", *, tracked: bool = True) -> LinkRow:
    return LinkRow(number=number, href=f"https://example.com/{number}", label="go", role=role, tracked=tracked)


def handle_of(state: StateStore, address: str) -> Handle:
    return state.handles([address], now=Micros(1))[address]


# campaigns and templates


def test_a_campaign_is_made_once_and_found_by_name_and_id(state: StateStore) -> None:
    made = state.campaign("spring", stream="transactional", now=Micros(5))
    assert state.campaign("spring", now=Micros(9)) == made
    assert state.find_campaign("spring") == state.find_campaign(made.id) == state.find_campaign(str(made.id)) == made
    assert (made.name, made.stream, made.created_at) == ("spring", "transactional", 5)


def test_a_name_that_looks_like_an_id_wins_over_the_id(state: StateStore) -> None:
    first = state.campaign("first", now=Micros(1))
    named = state.campaign(str(first.id), now=Micros(2))
    assert named.id != first.id
    assert state.find_campaign(str(first.id)) == named
    assert state.find_campaign(first.id) == first


def test_an_unknown_campaign_is_none(state: StateStore) -> None:
    assert state.find_campaign("nobody") is None
    assert state.find_campaign(7) is None
    assert state.find_campaign("9" * 40) is None
    assert state.find_campaign("٣") is None


def test_campaigns_come_newest_first(state: StateStore) -> None:
    for number, name in enumerate(("a", "b", "c")):
        state.campaign(name, now=Micros(number))
    assert [each.name for each in state.campaigns()] == ["c", "b", "a"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_campaign_name_is_only_a_name(state: StateStore, name: str) -> None:
    made = state.campaign(name, now=Micros(1))
    assert state.find_campaign(name) == made
    assert made.name == name
    assert len(state.campaigns()) == 1


def test_a_template_keeps_the_html_to_the_byte_and_its_links_in_order(state: StateStore) -> None:
    campaign = state.campaign("spring", now=Micros(1))
    html = bytes(range(256)) * 50
    links = [link(2, "footer"), link(1), link(3, "unsubscribe", tracked=False)]
    state.put_template(campaign.id, TemplateId(0xFFFFFFFF), subject="Grüße", html=html, links=links, now=Micros(2))
    assert state.html(TemplateId(0xFFFFFFFF)) == html
    row = state.template(TemplateId(0xFFFFFFFF))
    assert row is not None
    assert (row.campaign, row.subject, row.stream, row.links_count) == (campaign.id, "Grüße", "marketing", 3)
    assert state.templates(campaign.id) == [row]
    found = state.links(campaign.id)
    assert found == state.template_links(TemplateId(0xFFFFFFFF))
    assert [(each.number, each.role, each.tracked, each.template) for each in found] == [
        (1, "cta", True, 0xFFFFFFFF),
        (2, "footer", True, 0xFFFFFFFF),
        (3, "unsubscribe", False, 0xFFFFFFFF),
    ]


def test_putting_a_template_again_changes_nothing(state: StateStore) -> None:
    campaign = state.campaign("spring", now=Micros(1))
    state.put_template(campaign.id, TemplateId(7), subject="a", html=b"a", links=[link(1)], now=Micros(2))
    state.put_template(campaign.id, TemplateId(7), subject="b", html=b"b", links=[], now=Micros(3))
    assert state.html(TemplateId(7)) == b"a"
    assert len(state.links(campaign.id)) == 1


def test_an_unknown_template_is_none(state: StateStore) -> None:
    assert state.template(TemplateId(1)) is None
    assert state.html(TemplateId(1)) is None
    assert state.templates(CampaignId(1)) == []
    assert state.links(CampaignId(1)) == []


def test_ten_thousand_links_fit(state: StateStore) -> None:
    campaign = state.campaign("long", now=Micros(1))
    links = [link(number) for number in range(1, 10_001)]
    state.put_template(campaign.id, TemplateId(1), subject="", html=b"", links=links, now=Micros(1))
    assert len(state.links(campaign.id)) == 10_000


# recipients


def test_a_handle_stays_the_same_for_good(state: StateStore, tmp_path: Path) -> None:
    first = state.handles(["ann@example.com", "bob@example.com"], now=Micros(1))
    again = open_state(tmp_path / "state.sqlite")
    assert again.handles(["bob@example.com", "ann@example.com"], now=Micros(2)) == first
    again.close()


def test_handles_made_in_a_hurry_are_those_that_others_made_meanwhile(state: StateStore) -> None:
    before = state.handles(["ann@example.com"], now=Micros(1))
    asked = ["ann@example.com", "bob@example.com", "Bob@Example.com"]
    found = state.new_handles(asked, now=Micros(2))
    assert found["ann@example.com"] == before["ann@example.com"]
    assert found["bob@example.com"] == found["Bob@Example.com"]
    assert state.known_handles(asked) == found
    assert state.recipients([found["bob@example.com"]])[found["bob@example.com"]].first_seen_at == 2
    with pytest.raises(BadInput):
        state.new_handles(["eve@example.com", "eve"], now=Micros(3))
    assert state.known_handles(["eve@example.com"]) == {}


def test_spellings_of_one_address_share_a_handle_and_the_first_is_kept(state: StateStore) -> None:
    found = state.handles(["Ann@Bücher.example", "ann@XN--BCHER-KVA.example"], now=Micros(1))
    assert len(set(found.values())) == 1
    (handle,) = set(found.values())
    assert state.addresses([handle]) == {handle: "Ann@Bücher.example"}
    assert state.domain_of(handle) == "xn--bcher-kva.example"
    assert state.handles(["ANN@bücher.example"], now=Micros(2)) == {"ANN@bücher.example": handle}


def test_handles_are_never_zero_and_fit_into_63_bits(state: StateStore) -> None:
    found = state.handles([f"p{number}@example.com" for number in range(500)], now=Micros(1))
    assert len(set(found.values())) == 500
    assert all(0 < handle < 2**63 for handle in found.values())


def test_one_broken_address_keeps_nothing(state: StateStore) -> None:
    with pytest.raises(BadInput, match="no e-mail address"):
        state.handles(["ann@example.com", "broken"], now=Micros(1))
    assert state.known_handles(["ann@example.com"]) == {}


def test_looking_up_makes_no_handles(state: StateStore) -> None:
    assert state.known_handles(["ann@example.com"]) == {}
    handle = handle_of(state, "ann@example.com")
    assert state.known_handles(["Ann@example.com", "bob@example.com"]) == {"Ann@example.com": handle}


def test_fields_are_those_given_last(state: StateStore) -> None:
    first = {"ann@example.com": {"name": "Ann", "city": "Ulm"}}
    handle = state.handles(first, now=Micros(1), fields=first)["ann@example.com"]
    state.handles(["ANN@example.com"], now=Micros(2), fields={"ANN@example.com": {"name": "Änn"}})
    state.handles(["ann@example.com"], now=Micros(3))
    person = state.recipients([handle])[handle]
    assert (person.fields, person.first_seen_at) == ({"name": "Änn"}, 1)


def test_nobody_is_found_behind_an_unknown_handle(state: StateStore) -> None:
    assert state.addresses([Handle(5)]) == {}
    assert state.recipients([Handle(5)]) == {}
    assert state.domain_of(Handle(5)) is None
    assert state.handles([], now=Micros(1)) == {}


@pytest.mark.parametrize("local", HOSTILE[:3])
def test_a_hostile_address_is_only_an_address(state: StateStore, local: str) -> None:
    address = f'"{local}"@example.com'
    assert state.addresses([handle_of(state, address)]) == {handle_of(state, address): address}


def test_a_person_does_not_show_in_a_log(state: StateStore) -> None:
    handle = state.handles(["ann@example.com"], now=Micros(1), fields={"ann@example.com": {"name": "Annabel"}})
    shown = repr(state.recipients(handle.values()))
    assert "ann@" not in shown
    assert "Annabel" not in shown


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.long)])
@pytest.mark.long
def test_very_many_recipients_go_in_and_come_out(state: StateStore, count: int) -> None:
    addresses = [f"person.{number}@example.com" for number in range(count)]
    found = state.handles(addresses, now=Micros(1))
    assert len(set(found.values())) == count
    assert state.handles(addresses, now=Micros(2)) == found
    some = list(found.values())[::7]
    assert len(state.addresses(some)) == len(some)
    assert set(state.modes(found.values(), ceiling=INDIVIDUAL, unknown=AGGREGATE).values()) == {AGGREGATE}
    assert state.suppressed(found.values()) == {}


def test_the_day_of_the_last_open_only_moves_forward(state: StateStore, tmp_path: Path) -> None:
    state.put_open_days({Handle(1): date(2026, 5, 2), Handle(2): date(2026, 5, 2)})
    state.put_open_days({Handle(1): date(2026, 5, 1), Handle(2): date(2026, 5, 3)})
    state.put_open_days({})
    with closing(open_days(tmp_path / "state.sqlite")) as days:
        both = [Handle(2), Handle(1), Handle(3)]
        assert [days.not_opened_since(both, date(2026, 5, day)) for day in (2, 3, 4)] == [[3], [1, 3], both]
        assert [days.older_than(date(2026, 5, day)) for day in (2, 3, 4)] == [0, 1, 2]
        assert (days.forget(date(2026, 5, 3)), days.forget(date(2026, 5, 3))) == (1, 0)
        assert days.not_opened_since(both, date(2026, 5, 3)) == [1, 3]


# suppression


def test_a_suppression_holds_until_it_is_lifted_and_stays_on_record(state: StateStore) -> None:
    state.suppress(Handle(1), reason="bounced", source="bounce", at=Micros(10))
    held = state.suppressed([Handle(1), Handle(2)])
    assert [(each.reason, each.source, each.at) for each in held.values()] == [("bounced", "bounce", 10)]
    assert state.lift(Handle(1), Micros(20)) == 1
    assert state.suppressed([Handle(1)]) == {}
    assert [each.lifted_at for each in state.suppressions(Handle(1))] == [20]
    assert state.lift(Handle(1), Micros(30)) == 0


def test_the_same_suppression_twice_is_one_and_after_a_lift_it_is_another(state: StateStore) -> None:
    for at in (10, 11):
        state.suppress(Handle(1), reason="unsubscribed", source="edge", at=Micros(at))
    state.lift(Handle(1), Micros(12))
    state.suppress(Handle(1), reason="unsubscribed", source="edge", at=Micros(13))
    assert [(each.at, each.lifted_at) for each in state.suppressions(Handle(1))] == [(10, 12), (13, None)]


def test_the_earliest_of_several_suppressions_is_told(state: StateStore) -> None:
    state.suppress(Handle(1), reason="complained", source="esp", at=Micros(20))
    state.suppress(Handle(1), reason="bounced", source="bounce", at=Micros(10))
    assert state.suppressed([Handle(1)])[Handle(1)].reason == "bounced"


def test_lifting_one_reason_leaves_the_others(state: StateStore) -> None:
    state.suppress(Handle(1), reason="bounced", source="bounce", at=Micros(10))
    state.suppress(Handle(1), reason="complained", source="esp", at=Micros(20))
    state.lift(Handle(1), Micros(30), reason="bounced")
    assert state.suppressed([Handle(1)])[Handle(1)].reason == "complained"


def test_a_suppression_reaches_only_its_campaign_and_stream(state: StateStore) -> None:
    state.suppress(Handle(1), reason="unsubscribed", source="edge", at=Micros(1), stream="marketing")
    state.suppress(Handle(2), reason="unsubscribed", source="edge", at=Micros(1), campaign=CampaignId(5))
    both = [Handle(1), Handle(2)]
    assert set(state.suppressed(both, stream="transactional", campaign=CampaignId(6))) == set()
    assert set(state.suppressed(both, stream="marketing", campaign=CampaignId(6))) == {1}
    assert set(state.suppressed(both, stream="transactional", campaign=CampaignId(5))) == {2}
    assert set(state.suppressed(both)) == {1, 2}


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_reason_is_only_a_reason(state: StateStore, words: str) -> None:
    state.suppress(Handle(1), reason=words, source=words, at=Micros(1))
    assert state.suppressed([Handle(1)])[Handle(1)].reason == words
    assert state.lift(Handle(1), Micros(2), reason=words) == 1


def test_a_short_suppression_gives_way_to_one_that_lasts(state: StateStore) -> None:
    def held(until: Micros | None) -> int:
        row = Suppression(handle=Handle(1), reason="manual", source="csv", at=Micros(10), expires_at=until)
        return state.put_suppressions([row])

    ends = [Micros(100), Micros(100), Micros(50), Micros(200), None, Micros(300), None]
    assert [held(each) for each in ends] == [1, 0, 0, 1, 1, 0, 0]
    assert [each.expires_at for each in state.suppressions(Handle(1))].count(None) == 1


def test_who_is_held_back_in_two_streams_is_one(state: StateStore) -> None:
    for stream in ("marketing", "outbound"):
        state.suppress(Handle(1), reason="unsubscribed", source="edge", at=Micros(11), stream=stream)
    state.suppress(Handle(2), reason="unsubscribed", source="edge", at=Micros(12), stream="marketing")
    state.suppress(Handle(3), reason="bounced", source="bounce", at=Micros(9))
    assert state.suppressed_since(Micros(10)) == {"unsubscribed": 2}


# all of it at once


def test_one_question_before_a_message_says_what_three_would(state: StateStore) -> None:
    dice = random.Random(7)
    people = state.handles([f"p{number}@example.com" for number in range(60)], now=Micros(1))
    for at, handle in enumerate(dice.choices(list(people.values()), k=120), 1):
        axis, said = dice.choice(list(Axis)), dice.choice(list(Consent))
        state.set_consent(handle, axis=axis, state=said, at=Micros(at), source="form")
        if at % 4 == 0:
            limit = {"stream": dice.choice(["marketing", None]), "campaign": dice.choice([CampaignId(5), None])}
            state.suppress(handle, reason="unsubscribed", source="edge", at=Micros(at), **limit)  # type: ignore[arg-type]
        if at % 9 == 0:
            state.lift(handle, Micros(at))
    asked = [*people, "P3@Example.com", "stranger@example.com"]
    found = state.standings(asked, ceiling=INDIVIDUAL, unknown=AGGREGATE)
    held = state.suppressed(people.values())
    allowed = state.modes(people.values(), ceiling=INDIVIDUAL, unknown=AGGREGATE)
    assert found == {
        address: Standing(handle, handle in held, allowed[handle])
        for address, handle in (people | {"P3@Example.com": people["p3@example.com"]}).items()
    }
    assert {standing.is_suppressed for standing in found.values()} == {True, False}
    assert len({standing.modes for standing in found.values()}) > 3


def test_what_is_no_address_has_no_standing(state: StateStore) -> None:
    with pytest.raises(BadInput):
        state.standings(["ann"], ceiling=INDIVIDUAL, unknown=AGGREGATE)


# consent


def modes(state: StateStore, handle: int, *, ceiling: Modes = INDIVIDUAL, unknown: Modes = AGGREGATE) -> Modes:
    return state.modes([Handle(handle)], ceiling=ceiling, unknown=unknown)[Handle(handle)]


def test_silence_means_the_configured_mode(state: StateStore) -> None:
    assert modes(state, 1) == AGGREGATE
    assert modes(state, 1, unknown=INDIVIDUAL) == INDIVIDUAL


def test_silence_never_exceeds_the_ceiling(state: StateStore) -> None:
    ceiling = Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL)
    assert modes(state, 1, ceiling=ceiling) == Modes(opens=Mode.OFF, clicks=Mode.AGGREGATE)


def test_consent_lifts_to_the_ceiling_and_no_further(state: StateStore) -> None:
    state.set_consent(Handle(1), axis="both", state="granted", at=Micros(1), source="form")
    assert modes(state, 1) == INDIVIDUAL
    assert modes(state, 1, ceiling=AGGREGATE) == AGGREGATE


@pytest.mark.parametrize("said", ["denied", "withdrawn"])
def test_a_refusal_switches_off_and_makes_delivered_mail_inert(state: StateStore, said: str) -> None:
    state.set_consent(Handle(9), axis="both", state=said, at=Micros(1), source="page")
    assert modes(state, 9, unknown=INDIVIDUAL) == OFF
    assert state.inert() == [9]


def test_each_axis_has_its_own_consent(state: StateStore) -> None:
    state.set_consent(Handle(1), axis=Axis.OPENS, state=Consent.DENIED, at=Micros(1), source="form")
    state.set_consent(Handle(1), axis=Axis.CLICKS, state=Consent.GRANTED, at=Micros(1), source="form")
    assert modes(state, 1) == Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL)
    state.set_consent(Handle(2), axis=Axis.CLICKS, state=Consent.GRANTED, at=Micros(1), source="form")
    assert modes(state, 2) == Modes(opens=Mode.AGGREGATE, clicks=Mode.INDIVIDUAL)


def test_an_older_consent_that_arrives_late_does_not_undo_a_withdrawal(state: StateStore) -> None:
    state.set_consent(Handle(1), axis="both", state="withdrawn", at=Micros(20), source="page")
    state.set_consent(Handle(1), axis="both", state="granted", at=Micros(10), source="import")
    assert modes(state, 1) == OFF
    assert [entry.state for entry in state.consents(Handle(1))] == ["withdrawn", "granted"]


def test_a_newer_consent_takes_a_recipient_out_of_the_inert_set(state: StateStore) -> None:
    state.set_consent(Handle(1), axis="both", state="withdrawn", at=Micros(10), source="page")
    state.set_consent(Handle(1), axis="both", state="granted", at=Micros(20), source="page")
    assert modes(state, 1) == INDIVIDUAL
    assert state.inert() == []


def test_unknown_again_means_silence_again(state: StateStore) -> None:
    state.set_consent(Handle(1), axis="both", state="granted", at=Micros(1), source="form")
    state.set_consent(Handle(1), axis="both", state="unknown", at=Micros(2), source="import")
    assert modes(state, 1) == AGGREGATE


def test_a_word_that_is_no_consent_is_refused(state: StateStore) -> None:
    with pytest.raises(ValueError, match="maybe"):
        state.set_consent(Handle(1), axis="both", state="maybe", at=Micros(1), source="form")
    with pytest.raises(ValueError, match="sideways"):
        state.set_consent(Handle(1), axis="sideways", state="granted", at=Micros(1), source="form")
    assert state.consents(Handle(1)) == []


def test_the_inert_set_is_sorted_and_holds_everybody_once(state: StateStore) -> None:
    for handle in (30, 10, 20):
        for axis in ("opens", "clicks"):
            state.set_consent(Handle(handle), axis=axis, state="withdrawn", at=Micros(1), source="page")
    assert state.inert() == [10, 20, 30]


# jobs and values


def test_a_job_remembers_how_far_it_got(state: StateStore) -> None:
    assert state.job("send", "spring") is None
    state.put_job("send", "spring", data={"line": 1, "skipped": ["a"]}, now=Micros(1))
    state.put_job("send", "spring", data={"line": 2}, now=Micros(2))
    state.finish_job("send", "spring", now=Micros(3))
    state.finish_job("send", "spring", now=Micros(4))
    job = state.job("send", "spring")
    assert job is not None
    assert (job.data, job.created_at, job.changed_at, job.finished_at) == ({"line": 2}, 1, 3, 3)
    assert state.jobs("send") == [job]
    assert state.jobs("other") == []


def test_a_job_put_again_is_open_again(state: StateStore) -> None:
    state.put_job("send", "spring", data={}, now=Micros(1))
    state.finish_job("send", "spring", now=Micros(2))
    assert state.put_job("send", "spring", data={"line": 5}, now=Micros(3)).finished_at is None


def test_a_value_is_the_one_put_last(state: StateStore) -> None:
    assert state.value("epoch") is None
    state.put_value("epoch", "1")
    state.put_value("epoch", "2")
    assert state.value("epoch") == "2"


# domains


def test_shared_domains_are_those_of_enough_people_most_first(state: StateStore) -> None:
    people = {"big.example": 6, "a.example": 5, "b.example": 5, "small.example": 4}
    state.handles([f"p{n}@{domain}" for domain, count in people.items() for n in range(count)], now=Micros(1))
    assert state.shared_domains(at_least=5) == ["big.example", "a.example", "b.example"]


@pytest.mark.parametrize("domain", ["a.example", *HOSTILE])
def test_exchangers_are_kept_over_those_before(state: StateStore, domain: str) -> None:
    assert state.exchangers([domain, "b.example"]) == {}
    state.put_exchangers(domain, ["mx1.example", "mx2.example"], now=Micros(5))
    state.put_exchangers(domain, [], now=Micros(9))
    assert state.exchangers([domain, "b.example"]) == {domain: Exchangers(hosts=(), looked_up_at=Micros(9))}
