"""Every agent behaves as its row in the table says; the whole crowd with it."""

import dataclasses
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from mailwake.simulate.acts import Act, Action, Doer
from mailwake.simulate.agents import WEEK_SECONDS, actions, load_dials
from mailwake.simulate.chance import dice
from mailwake.simulate.mailbox import Mail
from mailwake.simulate.people import Person, make_people
from mailwake.simulate.places import load_world
from mailwake.simulate.readers import Occasion

WORLD, DIALS = load_world(), load_dials()
LINKS = tuple(f"http://t.example.com/c/m/{n}" for n in range(1, 9))
MAIL = Mail(
    images=("http://t.example.com/o/m",),
    links=LINKS,
    mso_links=("http://t.example.com/c/m/mso",),
    unsubscribe_page="http://t.example.com/u/body",
    preferences_page="http://t.example.com/p/body",
    one_click="http://t.example.com/u/header",
)
SOMEBODY = make_people(1, seed=1, world=WORLD, dials=DIALS)[0]


def person(**changes: Any) -> Person:
    return dataclasses.replace(SOMEBODY, **{"gateway": "none", "office": "62.159.1.2", **changes})


def lives(times: int = 400, stream: str = "marketing", **changes: Any) -> Iterator[list[Action]]:
    """What happens to so many messages in mailboxes of one kind."""
    for number in range(times):
        occasion = Occasion(
            person=person(**changes),
            mail=MAIL,
            stream=stream,
            hour=9.0,
            rng=dice("test", str(sorted(changes.items())), number),
            world=WORLD,
            dials=DIALS,
        )
        yield actions(occasion)


def every(**changes: Any) -> list[Action]:
    return [action for life in lives(**changes) for action in life]


def scans(gateway: str) -> list[list[Action]]:
    """What a gateway does with those messages that it looks at."""
    found = ([act for act in life if act.doer is Doer.MACHINE] for life in lives(gateway=gateway, client="thunderbird"))
    return [life for life in found if life and life[0].agent != "preview bot"]


def test_one_seed_gives_one_life() -> None:
    assert list(lives(20, client="gmail")) == list(lives(20, client="gmail"))


@pytest.mark.parametrize("client", sorted({*DIALS["clients"]["private"], *DIALS["clients"]["company"]}))
def test_a_life_is_in_order_and_over_within_the_week(client: str) -> None:
    for life in lives(100, client=client):
        assert all(a.after_seconds <= b.after_seconds for a, b in pairwise(life))
        assert all(-10 < action.after_seconds < WEEK_SECONDS for action in life)


@pytest.mark.parametrize("client", sorted({*DIALS["clients"]["private"], *DIALS["clients"]["company"]}))
def test_nobody_comes_from_a_private_address(client: str) -> None:
    requests = [action for action in every(client=client) if action.url]
    assert requests
    assert not [action for action in requests if action.visitor.ip.startswith(("10.", "192.168.", "127."))]


def test_a_prefetch_of_apple_hides_the_reading() -> None:
    for life in lives(client="apple_privacy"):
        opens = [action for action in life if action.act is Act.OPEN]
        assert len(opens) <= 1
        assert all(b"User-Agent: Mozilla/5.0\r\n" in action.visitor.headers for action in opens)
    assert {action.doer for action in every(client="apple_privacy") if action.act is Act.OPEN} == {*Doer}


@pytest.mark.parametrize("client", ["image_blocker", "screen_reader"])
def test_who_sees_no_images_loads_none_but_clicks(client: str) -> None:
    acts = {action.act for action in every(client=client)}
    assert Act.OPEN not in acts
    assert {Act.READ, Act.CLICK} <= acts


def test_outlook_mostly_blocks_images() -> None:
    acts = [action.act for action in every(client="outlook_blocked")]
    assert 0 < acts.count(Act.OPEN) < acts.count(Act.READ) * 0.6


def test_gmail_opens_come_from_its_proxy() -> None:
    opens = [action for action in every(client="gmail") if action.act is Act.OPEN and action.doer is Doer.PERSON]
    assert opens
    assert all(b"GoogleImageProxy" in action.visitor.headers for action in opens)


def test_safe_links_looks_just_before_the_person() -> None:
    checked = 0
    for life in lives(1_000, client="outlook_safelinks"):
        clicks = [action for action in life if action.act is Act.CLICK]
        for check in (action for action in clicks if action.agent == "safe links"):
            after = [each.after_seconds - check.after_seconds for each in clicks if each.url == check.url]
            assert any(0.2 <= gap <= 3.0 for gap in after)
            checked += 1
    assert checked > 5


def test_a_forwarded_message_is_read_elsewhere_too() -> None:
    agents = {action.agent: action.visitor.ip for action in every(client="forwarder") if action.act is Act.OPEN}
    assert agents["forwarded to"] != agents["forwarder"]


def test_transactional_mail_is_read_sooner() -> None:
    def median_reading(stream: str) -> float:
        acts = every(client="thunderbird", stream=stream)
        times = sorted(action.after_seconds for action in acts if action.act is Act.READ)
        return times[len(times) // 2]

    assert median_reading("transactional") < median_reading("marketing") / 5


def test_people_leave_by_the_header_and_by_the_page() -> None:
    ends = [action for action in every(times=6_000, client="gmail") if action.act in (Act.ONE_CLICK, Act.BUTTON)]
    assert {action.url for action in ends} == {MAIL.one_click, MAIL.unsubscribe_page}
    assert {action.doer for action in ends} == {Doer.PERSON}


@pytest.mark.parametrize("gateway", sorted({*DIALS["gateways"]} - {"none"}))
def test_a_gateway_samples_and_never_unsubscribes(gateway: str) -> None:
    looked_at = scans(gateway)
    assert 0.2 * 400 < len(looked_at) < 0.75 * 400
    acts = {action.act for life in looked_at for action in life}
    assert acts <= {Act.OPEN, Act.CLICK, Act.LOOK, Act.SCRAMBLE}
    assert Act.CLICK in acts


def test_a_burst_follows_all_links_within_seconds() -> None:
    bursts = [[action for action in life if action.act is Act.CLICK] for life in scans("m365_burst")]
    whole = [clicks for clicks in bursts if len(clicks) >= len(LINKS)]
    assert len(whole) > 0.7 * len(bursts)
    assert all(clicks[-1].after_seconds - clicks[0].after_seconds < 3 for clicks in whole)


def test_scanners_find_outlooks_own_links() -> None:
    assert MAIL.mso_links[0] in {action.url for life in scans("m365_burst") for action in life}


def test_exchange_online_asks_with_head_and_without_a_name() -> None:
    for life in scans("eop_head"):
        assert {action.method for action in life} == {"HEAD"}
        assert not any(b"User-Agent" in action.visitor.headers for action in life)


def test_barracuda_takes_the_first_link_and_may_be_early() -> None:
    times = [action.after_seconds for life in scans("barracuda") for action in life]
    assert {action.url for life in scans("barracuda") for action in life} == {LINKS[0]}
    assert min(times) < 0 < max(times) <= 8


def test_proofpoint_changes_address_and_name_with_every_request() -> None:
    long = max(scans("proofpoint"), key=len)
    assert len({action.visitor.ip for action in long}) > len(long) // 2
