"""Lists of others come in as they are, ours go out and come back, and no cell is a formula."""

import csv
import io
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import BadInput
from mailwake.events import Handle, Micros
from mailwake.profiles import STREAMS
from mailwake.store.state import Suppression
from mailwake.suppression.files import Line, decode, kind_of, read_list, write_list

AT = Micros(1_793_613_600_000_000)
REASONS = ("bounced", "complained", "unsubscribed", "manual")


def held(reason: str = "bounced", quoted: str | None = "550 5.1.1 user unknown") -> Suppression:
    return Suppression(handle=Handle(1), reason=reason, source="bounce", at=AT, quoted=quoted)


@every(
    ("text", "reason"),
    [
        ("Email,Type,Reason\nann@example.com,Bounce,550 unknown\n", "bounced"),
        ("email,reason,status,created\nann@example.com,550 5.1.1 user unknown,5.1.1,1733000000\n", "bounced"),
        ("reason;EMAIL\r\n550 no such user;ann@example.com\r\n", "bounced"),
        ("\ufeffEMAIL;TYPE;REASON\r\nann@example.com;Spam Report;pressed\r\n", "complained"),
        ('Type\tEmail Address\nGroup Unsubscribe\t"ann@example.com"\n', "unsubscribed"),
        ("email\nann@example.com", "manual"),
        ("email,type\nann@example.com,HARD_BOUNCE\n", "bounced"),
        ("email,type\nann@example.com,Invalid Email\n", "bounced"),
        ("email,reason\nann@example.com,company policy since 2024\n", "manual"),
        ('"email","reason"\n"ann@example.com","asked, by\nphone"\n', "manual"),
    ],
)
def test_lists_of_others_are_understood(text: str, reason: str) -> None:
    lines, left = read_list(text)
    assert {(line.address, line.reason) for line in lines} == {("ann@example.com", reason)}
    assert left == []


@every(
    ("name", "reason"),
    [
        ("suppression_bounces.csv", "bounced"),
        ("suppression_invalid_emails.csv", "bounced"),
        ("suppression_spam_reports.csv", "complained"),
        ("suppression_unsubscribes.csv", "unsubscribed"),
        ("Group-Unsubscribes 7.csv", "unsubscribed"),
        ("people.csv", "manual"),
        ("unbounces.csv", "manual"),
    ],
)
def test_exports_that_do_not_say_it_line_by_line_say_it_in_their_name(name: str, reason: str) -> None:
    lines, left = read_list("created,email\n1733000000,ann@example.com\n", kind=kind_of(name))
    assert {line.reason for line in lines} == {reason}
    assert {line.at for line in lines} == {1_733_000_000_000_000}
    assert left == []


def test_blocks_and_soft_bounces_are_left_out_with_the_reason() -> None:
    words = "email,reason,status\nann@example.com,552 5.2.2 mailbox full,5.2.2\nben@example.com,554 5.7.1 spam,5.7.1\n"
    lines, left = read_list(words, kind=kind_of("suppression_bounces.csv"))
    assert lines == []
    assert [each.why.partition(":")[0] for each in left] == ["mailbox_full", "spam_content"]
    lines, left = read_list("email\nann@example.com\n", kind=kind_of("suppression_blocks.csv"))
    assert (lines, len(left)) == ([], 1)


def test_a_wish_from_elsewhere_leaves_receipts_alone_and_a_dead_address_gets_nothing() -> None:
    wished, _ = read_list("email,type\nann@example.com,unsubscribe\n")
    assert [line.stream for line in wished] == ["marketing", "outbound"]
    dead, _ = read_list("email,type\nann@example.com,bounce\n")
    assert [line.stream for line in dead] == [None]


def test_what_is_no_use_is_named_by_its_line_and_the_rest_goes_on() -> None:
    lines, left = read_list(
        "email,type,stream\nann@example.com,bounce\nnobody,bounce\n\n"
        'ben@example.com,soft bounce\n"x\ny",bounce\neve@example.com,,news\ndan@example.com,\n'
    )
    assert [(line.address, line.number) for line in lines] == [("ann@example.com", 2), ("dan@example.com", 9)]
    assert [each.number for each in left] == [3, 5, 6, 8]


def test_what_has_ended_is_left_out() -> None:
    text = "email,expires_at\nann@example.com,2026-01-01T00:00:00Z\nben@example.com,2099-01-01T00:00:00Z\n"
    lines, left = read_list(text, now=AT)
    assert [line.address for line in lines] == ["ben@example.com"]
    assert [each.number for each in left] == [2]


def test_a_list_without_addresses_is_refused_with_what_to_do() -> None:
    for text in ("", "name,reason\nAnn,bounce\n"):
        with pytest.raises(BadInput, match="no column of addresses"):
            read_list(text)
    with pytest.raises(BadInput, match="'nonsense' is not known"):
        read_list("email\n", kind="nonsense")


def test_an_address_twice_is_once() -> None:
    lines, _ = read_list("email,type\nann@example.com,bounce\nANN@example.com,bounce\n")
    assert len(lines) == 1


def test_times_with_a_zone_are_moved_to_utc() -> None:
    lines, _ = read_list("email,at\na@example.com,2026-11-02T12:00:00+02:00\nb@example.com,2026-11-02 10:00:00 UTC\n")
    assert {line.at for line in lines} == {AT}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_are_read_as_spreadsheets_write_them(encoding: str) -> None:
    (line,), _ = read_list(decode("email;why\r\nann@example.com;künftig nicht\r\n".encode(encoding)))
    assert line.words == "künftig nicht"


@given(st.text(max_size=40), st.sampled_from(REASONS), st.sampled_from([None, *STREAMS]))
def test_what_goes_out_is_no_formula_and_comes_back(words: str, reason: str, stream: str | None) -> None:
    row = Suppression(handle=Handle(1), reason=reason, source="bounce", at=AT, quoted=words, stream=stream)
    text = "".join(write_list([("ann@example.com", "Autumn", row)]))
    for cells in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert not re.search(r"[;\t|]\s*[=+\-@]", text)
    (line,), left = read_list(text)
    assert isinstance(line, Line)
    assert (line.address, line.reason, line.stream, line.campaign, line.at, left) == (
        "ann@example.com", reason, stream, "Autumn", AT, [],
    )  # fmt: skip
    again = "".join(write_list([("ann@example.com", "Autumn", held(reason, line.words))]))
    assert read_list(again)[0][0].words == line.words


@every("words", ["=1+1", "'=1", "''=1", "@x", "\uff1d1", "+49 30 1", "plain"])
def test_words_come_back_as_they_were(words: str) -> None:
    text = "".join(write_list([("ann@example.com", None, held("manual", words))]))
    assert read_list(text)[0][0].words == words


@given(st.text(max_size=300))
def test_any_text_is_a_list_or_an_error_that_says_what_to_do(text: str) -> None:
    if not any(name in text.lower() for name in ("mail", "address", "recipient")):
        with pytest.raises(BadInput, match=r"column|quote"):
            read_list(text)
    with suppress(BadInput):  # a quote that never closes
        assert all("@" in line.address for line in read_list(f"email\n{text}")[0])
