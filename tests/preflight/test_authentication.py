"""Whether receivers will take this very message for mail of its From domain: SPF, DKIM, DMARC, one-click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.preflight.letters import FakeNames, World, good_names, letter, public_record, sign, world_in

from mailwake.preflight.examine import Report, examine

HERE = "203.0.113.7"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def codes(report: Report) -> list[str]:
    return [found.code for found in report.findings]


def judged(world: World, raw: bytes | None = None, **around: Any) -> Report:
    return examine(raw or letter(world), world.around(visitor=None, wall=None, **around))


def test_without_records_each_is_missed(world: World) -> None:
    assert codes(judged(world, names=FakeNames({"s1._domainkey.example.com": [public_record()]}))) == [
        "dmarc_missing", "spf_missing",
    ]  # fmt: skip


def test_what_the_dns_cannot_say_is_unknown_and_no_finding(world: World) -> None:
    report = judged(world, names=FakeNames(is_silent=True))
    assert codes(report) == []
    assert [each.line for each in report.unknown][:1] == ["SPF, DKIM and DMARC: the DNS does not answer (Timeout)"]


def test_spf_that_fails_is_a_problem_by_itself_and_dkim_saves_dmarc(world: World) -> None:
    report = judged(world, sending_address="198.51.100.1")
    assert codes(report) == ["spf_fails"]
    assert "says fail to 198.51.100.1" in report.findings[0].title


def test_without_a_signature_spf_has_to_vouch_for_the_same_owner(world: World) -> None:
    raw = letter(world)
    plain = raw[raw.index(b"From: ") :]
    assert codes(judged(world, plain)) == ["dkim_missing"]
    names = good_names()
    names.records["esp.example.net"] = [b"v=spf1 ip4:203.0.113.7 -all"]
    report = judged(world, plain, names=names, envelope_sender="bounce@esp.example.net")
    assert codes(report) == ["dmarc_fails", "dkim_missing"]
    assert "they speak of esp.example.net" in report.findings[0].title


def test_a_signature_of_another_owner_does_not_vouch_and_a_strict_policy_asks_for_the_same_name(world: World) -> None:
    names = good_names()
    names.records["s1._domainkey.mail.example.com"] = [public_record()]
    names.records["s1._domainkey.example.net"] = [public_record()]
    raw = letter(world)
    plain = raw[raw.index(b"From: ") :]
    for domain, expected in ((b"mail.example.com", []), (b"example.net", ["dmarc_fails"])):
        report = judged(world, sign(plain, domain=domain), names=names, envelope_sender="x@esp.example.net")
        assert [code for code in codes(report) if code != "spf_missing"] == expected
    names.records["_dmarc.example.com"] = [b"v=DMARC1; p=reject; adkim=s"]
    report = judged(world, sign(plain, domain=b"mail.example.com"), names=names, envelope_sender="x@esp.example.net")
    assert "dmarc_fails" in codes(report)


def test_signed_later_leaves_the_signature_open(world: World) -> None:
    raw = letter(world)
    report = judged(world, raw[raw.index(b"From: ") :], signed_later=True, sending_address="")
    assert codes(report) == []
    assert len(report.unknown) == 2


def test_a_key_that_is_not_there_and_a_dmarc_record_that_is_none(world: World) -> None:
    names = good_names()
    del names.records["s1._domainkey.example.com"]
    assert codes(judged(world, names=names)) == ["dkim_broken"]
    names = good_names()
    names.records["_dmarc.example.com"] = [b"v=DMARC1; p=strict"]
    assert codes(judged(world, names=names)) == ["dmarc_bad"]


@pytest.mark.parametrize(
    ("status", "code"), [(302, "one_click_redirects"), (403, "one_click_refused"), (500, "one_click_refused")]
)
def test_gmails_post_is_played_and_what_it_meets_is_told(tmp_path: Path, status: int, code: str) -> None:
    with world_in(tmp_path, unsubscribe=status) as world:
        assert codes(examine(letter(world), world.around())) == [code]


def test_a_strangers_endpoint_is_never_posted_to(world: World) -> None:
    url = world.shop("/roses")
    report = examine(letter(world, change={"List-Unsubscribe": f"<{url}>"}), world.around())
    assert codes(report) == []
    assert [each.line for each in report.unknown] == [
        "one-click unsubscribe: not tried, because it would count at its endpoint"
    ]
    assert not [method for method, *_ in world.site.asked if method == "POST"]


def test_an_edge_that_is_away_is_told(world: World, tmp_path: Path) -> None:
    raw = letter(world)
    around = world.around(hosts={"track.example.com": world.base}, visitor=None)
    world.site.pages.clear()
    world.site.default = lambda _: None
    assert codes(examine(raw, around)) == ["one_click_refused"]


def test_mail_that_is_nobodys_bulk_needs_no_way_out(world: World) -> None:
    fields = {name: value for name, value in world.fields().items() if not name.startswith(("List-", "Feedback"))}
    raw = letter(world, change={name: None for name in world.fields() if name not in fields})
    assert codes(judged(world, raw, is_transactional=True)) == []
