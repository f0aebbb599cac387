"""Reports of RFC 7489: what stands in them, and what cannot be."""

import pytest
from tests.every import every
from tests.postmaster.reports import NOW, PLAIN, changed

from mailwake.errors import Unreadable
from mailwake.events import SECOND
from mailwake.postmaster import dmarc
from mailwake.postmaster.dmarc import domain_of, read_dmarc


def test_a_report_is_read() -> None:
    told = read_dmarc(PLAIN, now=NOW)
    report = told.report
    assert (report.organisation, report.report_id, report.domain, report.policy) == (
        "acme.example", "9391651994964116463", "example.com", "quarantine",
    )  # fmt: skip
    assert (report.begins // SECOND, report.ends // SECOND) == (1_793_491_200, 1_793_577_599)
    assert [(row.source, row.header_from, row.disposition, row.dkim, row.spf, row.copies) for row in told.rows] == [
        ("192.0.2.10", "example.com", "none", True, True, 120),
        ("198.51.100.7", "news.example.com", "none", True, False, 30),
        ("2001:db8::25", "example.com", "reject", False, False, 50),
    ]
    assert told.left_out == {}


def test_alignment_is_what_was_evaluated_and_not_what_held_for_anybody() -> None:
    """SPF of the third line held for elsewhere.example, which says nothing for example.com."""
    assert read_dmarc(PLAIN, now=NOW).rows[2].spf is False


def test_the_newer_form_is_read_too() -> None:
    """RFC 9990: a namespace, and the disposition `pass`."""
    raw = changed("<feedback>", '<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">')
    told = read_dmarc(raw.replace(b"<disposition>none", b"<disposition>pass", 1), now=NOW)
    assert [row.disposition for row in told.rows] == ["none", "none", "reject"]


@every(
    ("old", "new", "why"),
    [
        ("<count>120", "<count>-120", "a count that cannot be"),
        ("<count>120", "<count>0", "a count that cannot be"),
        ("<count>120", "<count>1e9", "a count that cannot be"),
        ("<count>120", "<count>٣", "a count that cannot be"),
        ("<count>120", f"<count>{10**14}", "a count that cannot be"),
        ("<count>120", f"<count>{'9' * 1_000}", "a count that cannot be"),
        ("192.0.2.10", "192.0.2.10.example", "no address of a server"),
        ("192.0.2.10", "fe80::1%eth0", "no address of a server"),
        ("<disposition>none", "<disposition>maybe", "no word on what came of it"),
        ("<dkim>pass", "<dkim>perhaps", "no word on what came of it"),
        ("<header_from>example.com", "<header_from>&lt;script&gt;", "no domain in From"),
    ],
)
def test_a_line_that_cannot_be_is_left_out_and_the_others_count(old: str, new: str, why: str) -> None:
    told = read_dmarc(changed(old, new), now=NOW)
    assert told.left_out == {why: 1}
    assert [row.copies for row in told.rows] == [30, 50]


@every(
    ("old", "new", "why"),
    [
        ("<begin>1793491200", "<begin>1793772801", "times cannot be"),
        ("<begin>1793491200", "<begin>0", "times cannot be"),
        ("<begin>1793491200", "<begin>yesterday", "times cannot be"),
        ("<end>1793577599", "<end>4102444800", "times cannot be"),
        ("<begin>1793491200</begin><end>1793577599", "<begin>4102358400</begin><end>4102444800", "times to come"),
        ("<end>1793577599", "<end>1795600000", "times to come"),
        ("Example.com", "exa mple", "whose it is"),
        ("<org_name>acme.example", "<org_name> \u200b\u202e", "whose it is"),
        ("9391651994964116463", "", "whose it is"),
    ],
)
def test_a_report_that_cannot_be_is_refused(old: str, new: str, why: str) -> None:
    if old.startswith("<org_name>"):
        new = "<org_name> \u202e "
    with pytest.raises(Unreadable, match=why):
        read_dmarc(changed(old, new), now=NOW)


def test_an_empty_line_may_stand_before_the_declaration() -> None:
    assert read_dmarc(b"\r\n " + PLAIN, now=NOW) == read_dmarc(PLAIN, now=NOW)


def test_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dmarc, "MAX_ROWS", 2)
    with pytest.raises(Unreadable, match="more than 2 lines"):
        read_dmarc(PLAIN, now=NOW)


def test_names_carry_nothing_that_turns_text_around() -> None:
    raw = changed("<org_name>acme.example", "<org_name>a\u202eb\n\u2066c" + "x" * 400)
    organisation = read_dmarc(raw, now=NOW).report.organisation
    assert organisation.startswith("a b c")
    assert len(organisation) == 255


@every(
    ("text", "domain"),
    [
        ("Example.COM.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("", None),
        ("a..b", None),
        ("x" * 300, None),
        ("a@b", None),
        ("é" * 70 + ".example", None),
    ],
)
def test_domains_are_in_the_form_of_the_dns(text: str, domain: str | None) -> None:
    assert domain_of(text) == domain
