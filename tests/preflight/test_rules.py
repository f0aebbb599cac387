"""The findings that take another world than a good message's: other hosts, other bytes, other ends of a visit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.every import every
from tests.preflight.letters import TRACK, WORDS, World, letter, sign, text_part, unsigned, world_in

from mailwake.compose.options import ComposeOptions
from mailwake.preflight.examine import Report, examine
from mailwake.signatures.check import tags
from mailwake.visiting.asking import Fault
from mailwake.visiting.visitor import End, Hop, Visit, Visitor


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def codes(report: Report) -> list[str]:
    return [found.code for found in report.findings]


def judged(world: World, raw: bytes, **around: Any) -> list[str]:
    return codes(examine(raw, world.around(**{"visitor": None, "wall": None, **around})))


class Told:
    """A visitor that saw what a test tells."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def visit(self, _url: str, **_: bool) -> Visit:
        return self._visit


def met(world: World, end: End, fault: Fault | None = None, *hops: tuple[str, int | None, float]) -> Report:
    found = tuple(Hop(url=url, status=status, seconds=seconds) for url, status, seconds in hops)
    visit = Visit(hops=found or (Hop(url="https://a.example/", status=None, seconds=0),), end=end, fault=fault)
    return examine(letter(world), world.around(visitor=cast("Visitor", Told(visit)), wall=None))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.UNKNOWN_HOST, "link_unknown_host"),
        (Fault.NO_ANSWER, "link_no_answer"),
        (Fault.NOT_HTTP, "link_no_answer"),
        (Fault.PRIVATE, "link_private"),
        (Fault.TIMEOUT, "link_silent"),
    ],
)
def test_each_fault_of_a_host_has_a_name(world: World, fault: Fault, code: str) -> None:
    assert codes(met(world, End.FAULT, fault)) == [code]


def test_what_no_name_server_says_is_unknown(world: World) -> None:
    report = met(world, End.FAULT, Fault.NO_DNS)
    assert codes(report) == []
    assert "no name server answers" in report.unknown[0].line


def test_a_page_that_turns_programs_away_is_unknown(world: World) -> None:
    report = met(world, End.ANSWER, None, ("https://a.example/", 403, 0.1))
    assert codes(report) == []
    assert "turns programs away (403)" in report.unknown[0].line


def test_slow_pages_and_ways_back_to_http_are_told(world: World) -> None:
    assert codes(met(world, End.ANSWER, None, ("https://a.example/", 200, 3.5))) == ["link_slow"]
    hops = (("https://a.example/", 301, 0.1), ("http://a.example/", 200, 0.1))
    assert codes(met(world, End.ANSWER, None, *hops)) == ["link_downgraded"]


def test_the_tracking_host_is_of_the_sender_short_and_https(world: World) -> None:
    raw = letter(world)
    other = sign(
        unsigned({**world.fields(), "From": "news@example.net"}, text_part(), text_part(world.page(), "text/html"))
    )
    assert "tracking_unaligned" in judged(world, other, names=None)
    long = {TRACK: world.base, "tracking.newsletter.example.com": "https://tracking.newsletter.example.com"}
    more = '<img src="https://tracking.newsletter.example.com/o/AAAA" width="1" height="1" alt="">'
    found = judged(world, letter(world, more=more), hosts=long)
    assert sorted(found) == ["own_link_dead", "pixel_twice", "tracking_host_long"]  # our keys are none of that host's
    plain = {TRACK: world.base.replace("https:", "http:")}
    assert judged(world, raw.replace(b"https://track", b"http://track"), hosts=plain, names=None) == ["tracking_http"]


def test_links_that_were_left_alone_are_told_with_the_reason(world: World) -> None:
    report = examine(
        letter(world, more=f'<a href="{world.shop("/roses")}">www.example.com</a>'),
        world.around(visitor=None, wall=None, options=ComposeOptions(own_hosts=frozenset({TRACK}))),
    )
    assert codes(report) == ["untracked"]
    assert "(text_is_url)" in report.findings[0].title


def test_text_that_says_https_and_a_link_that_is_not(world: World) -> None:
    more = '<a href="http://www.example.com/">https://www.example.com/</a>'
    assert set(judged(world, letter(world, more=more))) == {"text_says_https"}


@every(
    ("written", "code"),
    [
        (None, "from_missing"),
        ("a@example.com, b@example.com", "from_many"),
        ("nobody", "from_bad"),
        (f"news@{'a' * 70}.com", "from_bad"),
        ("news@[127.0.0.1]", "from_bad"),
        ("news@127.0.0.1", "from_bad"),
        (f"{'n' * 65}@example.com", "from_bad"),
    ],
)
def test_a_from_that_is_none(world: World, written: str | None, code: str) -> None:
    fields = {name: value for name, value in world.fields().items() if name != "From"}
    if written:
        fields["From"] = written
    raw = unsigned(fields, text_part(), text_part(world.page(), "text/html; charset=utf-8"))
    found = judged(world, raw, names=None)
    assert [each for each in found if not each.startswith("tracking")] == [code]


def test_bytes_that_do_not_survive(world: World) -> None:
    assert judged(world, b"<html>no message</html>\r\n") == ["no_message"]
    assert judged(world, letter(world, change={"Subject": "Spring " * 14}), names=None) == ["header_long"]
    text = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSpr\xc3\xbcnge\r\n"
    assert judged(world, letter(world, text=text)) == ["charset_missing"]
    text = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!A\r\n"
    assert "undecodable" in judged(world, letter(world, text=text))


def test_a_header_of_very_many_fields_is_read_once(world: World) -> None:
    """A hundred thousand of them took minutes when the header was split anew for each; now the test ends."""
    more = b"".join(b"X-%d: 1\r\n" % number for number in range(100_000))
    assert judged(world, more + letter(world), names=None) == []


def test_an_address_with_an_owner_of_its_own_is_not_of_its_suffix() -> None:
    from mailwake.preflight.names import is_aligned, owner

    assert owner("a.b.example.co.uk") == "example.co.uk"
    assert not is_aligned("one.co.uk", "other.co.uk")
    assert is_aligned("track.example.com", "example.com")
    assert not is_aligned("track.example.com", "example.com", strict=True)
    assert not is_aligned("", "")


def test_lines_are_those_of_the_message_also_behind_an_encoding(world: World) -> None:
    import base64
    import quopri

    page = world.page('<a href="#">Nowhere</a>').encode()
    for encoding, body in (
        ("quoted-printable", quopri.encodestring(page)),
        ("base64", base64.encodebytes(page)),
    ):
        head = f"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        raw = sign(unsigned(world.fields(), text_part(), head + body.replace(b"\n", b"\r\n") + b"\r\n"))
        (found,) = examine(raw, world.around(visitor=None, wall=None)).findings
        assert found.code == "link_empty"
        line = raw.split(b"\r\n")[found.place.line - 1]
        decoded = quopri.decodestring(line) if encoding != "base64" else base64.b64decode(line)
        assert b"<a href" in decoded or b'"#"' in decoded


def test_every_rule_says_all_it_has_to() -> None:
    from mailwake.preflight.findings import rules

    for code, rule in rules().items():
        assert rule.source.startswith("https://"), code
        assert all(text.endswith(".") and text == text.strip() for text in (rule.why, rule.mend)), code
        assert not rule.title.endswith("."), code


def test_what_a_stranger_wrote_takes_no_more_than_its_length(world: World) -> None:
    """Each would take hours if its square were taken."""
    spaces = " " * 100_000
    left = letter(world, change={"List-Unsubscribe": f"<{spaces}x"})
    assert "unsubscribe_bad" in judged(world, left)
    assert "unsubscribe_missing" not in judged(world, letter(world, more=f"<p id={spaces}>More</p>"))
    assert tags(f"v=1; a= x{spaces}x; D=example.com ;") == {"v": "1", "a": f"x{spaces}x", "d": "example.com"}


def test_a_merge_tag_of_text_and_page_is_one_finding(world: World) -> None:
    report = examine(letter(world, text=text_part(f"{{{{name}}}} {WORDS}"), more="<p>{{name}}</p>"), world.around())
    (found,) = [each for each in report.findings if each.code == "placeholder"]
    assert len(found.more_lines) == 1
