"""A listed shop gets a reference and nothing else; it comes back as a goal, and says nothing anywhere else."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.edge.conftest import (
    DELIVERY,
    HOST,
    KEYS,
    MINTER,
    NOW,
    RECIPIENT,
    TARGET,
    TEMPLATE,
    RunningEdge,
    StartEdge,
    click,
    link,
)
from tests.silence import write_set

from mailwake.edge.locations import location
from mailwake.edge.pixel import GIF
from mailwake.events import EventType, Note
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.tokens import MessageToken, Minter, Purpose, TokenReader

SHOP = {"conversions": {"reference_hosts": ["shop.example.com"]}}
OTHER = "track.other.example"
TOKEN = MessageToken(INDIVIDUAL, TEMPLATE, DELIVERY, RECIPIENT, NOW.date())
MARK = re.compile(r"mw_ref=([A-Za-z0-9_-]{50,70})")
#: before, after: every byte of the target is in one of them
TARGETS = (
    ("https://shop.example.com/", ""),
    ("https://shop.example.com", ""),
    ("https://shop.example.com/offer?a=1&b=%20c;d=+&&x", ""),
    ("https://shop.example.com/offer?a=1&", ""),
    ("https://shop.example.com/offer?", ""),
    ("http://SHOP.example.com:8443/ünï?q=ä", "#part?x=1#y"),
    ("https://shop.example.com?a", "#"),
    ("https://shop.example.com/a%2f..//b", "#top"),
)
UNTOUCHED = (
    "https://www.example.com/offer?a=1&b=2",
    "https://evil.shop.example.com/",
    "https://shop.example.com.evil.example/",
    "https://shop.example.com@evil.example/",
    "https://evil.example@shop.example.com/",
    "https://shop.example.com\\@evil.example/",
    "https://evil.example\\.shop.example.com/",
    "https://shop.example.com./",
    "https://shop.example.com%2f@evil.example/",
    "https:shop.example.com/",
    "//shop.example.com/",
    "ftp://shop.example.com/",
    "https://xshop.example.com/",
    "https://shop.example.com/?mw_ref=mine",
    "https://shop.example.com/?a=1&mw_ref",
    "https://evil.example/?u=https://shop.example.com/",
    "https://evil.example/#https://shop.example.com/",
)


def test_every_byte_of_a_shops_target_survives_and_no_other_target_is_touched(start_edge: StartEdge) -> None:
    edge = start_edge(**SHOP)
    with edge.line() as line:

        def led_to(path: str) -> str:
            line.send(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode("latin-1"))
            return line.read()["Location"] or ""

        for before, after in TARGETS:
            told = led_to(click(before + after))
            found = MARK.search(told)
            assert found is not None, told
            head, tail = told[: found.start()], told[found.end() :]
            assert (head.removesuffix("&").removesuffix("?") + tail) in {
                location(before + after),
                location(before.rstrip("?&") + after),
            }
            assert head[:-1] in (location(before), location(before)[:-1])
            assert tail == location(after)
            read = TokenReader(KEYS, [HOST]).reference(found[1], HOST)
            assert read == (TOKEN, 3)
        for target in UNTOUCHED:
            assert led_to(click(target)) == location(target), target
    assert all(event.type is EventType.CLICKED for event in edge.events())


def test_nothing_is_added_where_nobody_listed_a_shop(edge: RunningEdge) -> None:
    assert edge.ask(click("https://shop.example.com/"))["Location"] == "https://shop.example.com/"


@pytest.mark.parametrize(
    ("sections", "token"),
    [
        ({}, {"modes": Modes(opens=Mode.INDIVIDUAL, clicks=Mode.AGGREGATE), "delivery": 0, "recipient": 0}),
        ({}, {"modes": Modes(opens=Mode.INDIVIDUAL, clicks=Mode.OFF)}),
        ({}, {"delivery": 0}),
        ({"tracking": {"clicks": "aggregate"}}, {}),
        ({"tracking": {"record_days": 10}}, {"age_days": 11}),
    ],
)
def test_a_click_that_may_not_be_told_gets_no_reference(
    start_edge: StartEdge, sections: dict[str, Any], token: dict[str, Any]
) -> None:
    edge = start_edge(**SHOP, **sections)
    assert edge.ask(click("https://shop.example.com/", **token))["Location"] == "https://shop.example.com/"


def test_who_withdrew_gets_none_and_reaches_nothing(start_edge: StartEdge, tmp_path: Path) -> None:
    write_set(tmp_path / "mailwake-data" / "inert.bin", RECIPIENT)
    edge = start_edge(**SHOP)
    assert edge.ask(click("https://shop.example.com/"))["Location"] == "https://shop.example.com/"
    assert edge.ask(f"/g/purchase?r={MINTER.reference(TOKEN, 3)}").body == GIF
    assert edge.events() == []
    assert edge.stop()["inert"] == 2


def test_a_reference_is_the_only_thing_in_it_and_differs_from_copy_to_copy() -> None:
    one, other = MINTER.reference(TOKEN, 3), MINTER.reference(TOKEN._replace(delivery=DELIVERY + 1), 3)
    assert one == MINTER.reference(TOKEN, 3)
    assert one[:2] == other[:2]  # version, purpose, key slot
    assert sum(a == b for a, b in zip(one[4:], other[4:], strict=True)) < len(one) / 4


def test_a_reference_opens_nothing_else_and_no_other_token_is_one(start_edge: StartEdge) -> None:
    edge = start_edge(tracking={"former_hosts": [OTHER]})
    reference = MINTER.reference(TOKEN, 3)
    assert edge.ask(f"/c/{reference}/{link()}").status == 404
    assert edge.ask(f"/o/{reference}").body == GIF
    assert edge.ask(f"/u/{reference}").status == 404
    assert edge.ask(f"/p/{reference}").status == 404
    for wrong in (
        "",
        "x",
        reference[:-1],
        reference[:-1] + ("A" if reference[-1] != "A" else "B"),
        Minter(KEYS, OTHER).reference(TOKEN, 3),
        MINTER.message(Purpose.READ, TOKEN),
        link(),
        f"{reference}&r={reference}",
    ):
        assert edge.ask(f"/g/purchase?r={wrong}").body == GIF
    assert edge.ask(f"/g/purchase?r={reference}", host=OTHER).body == GIF
    assert edge.ask("/g/purchase").body == GIF
    assert edge.ask(f"/g/?r={reference}").body == GIF
    assert edge.ask("/g/purchase?" + "&".join(f"a{n}=1" for n in range(500))).body == GIF
    assert edge.events() == []
    assert edge.stop()["reasons"]["reference"] == 12


def test_a_goal_is_in_the_log_with_its_query_when_the_picture_arrives_and_no_cookie_is_set(edge: RunningEdge) -> None:
    path = f"/g/purchase?value=19.99&r={MINTER.reference(TOKEN, 3)}&id=order%201"
    answer = edge.ask(path)
    assert (answer.status, answer.body, answer["Set-Cookie"]) == (200, GIF, None)
    (event,) = edge.events()
    assert (event.type, event.note, event.delivery, event.recipient) == (
        EventType.CONVERTED,
        Note.PIXEL,
        DELIVERY,
        RECIPIENT,
    )
    assert (event.template, event.link) == (TEMPLATE, 3)
    assert event.request is not None
    assert event.request.path == path.encode()


def test_modes_heads_and_old_mail_record_nothing(start_edge: StartEdge) -> None:
    edge = start_edge(tracking={"record_days": 10})
    dull = MINTER.reference(TOKEN._replace(modes=Modes(opens=Mode.INDIVIDUAL, clicks=Mode.AGGREGATE)), 3)
    old = MINTER.reference(TOKEN._replace(issued=NOW.date() - timedelta(days=11)), 3)
    for path in (f"/g/purchase?r={dull}", f"/g/purchase?r={old}"):
        assert edge.ask(path).body == GIF
    assert edge.ask(f"/g/purchase?r={MINTER.reference(TOKEN, 3)}", method="HEAD").status == 200
    assert edge.ask(f"/g/purchase?r={MINTER.reference(TOKEN, 3)}", method="POST", body=b"x").status == 405
    assert edge.events() == []
    report = edge.stop()
    assert (report["inert"], report["expired"]) == (2, 1)


def test_the_plain_target_stays_the_plain_target(start_edge: StartEdge) -> None:
    assert start_edge(**SHOP).ask(click())["Location"] == TARGET
