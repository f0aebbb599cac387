"""CSV of Postmaster Tools and SNDS, in whatever order, with whatever else is in it."""

from datetime import date

import pytest
from tests.every import every

from mailwake.errors import Unreadable
from mailwake.postmaster import figures
from mailwake.postmaster.figures import Export, read_export

TODAY = date(2026, 11, 4)


def read(raw: bytes | str, domain: str = "") -> Export:
    return read_export(raw.encode() if isinstance(raw, str) else raw, today=TODAY, domain=domain)


def told(export: Export) -> list[tuple[str, str, str, float | None, str]]:
    return [(each.subject, each.day, each.name, each.value, each.word) for each in export.figures]


def test_the_names_of_the_api_are_known() -> None:
    export = read(
        "name,userReportedSpamRatio,domainReputation,dkimSuccessRatio,spammyFeedbackLoops\n"
        "domains/Example.com/trafficStats/20261101,0.0012,REPUTATION_CATEGORY_UNSPECIFIED,0.99,\n"
    )
    assert export.source == "google"
    assert told(export) == [
        ("example.com", "2026-11-01", "spam_rate", 0.0012, ""),
        ("example.com", "2026-11-01", "dkim", 0.99, ""),
    ]
    assert export.unknown == ("spammyFeedbackLoops",)


@every(
    "raw",
    [
        b"\xef\xbb\xbfDate;Spam rate\r\n2026-11-01;0.1%\r\n",
        "Date\tSpam rate (%)\n2026-11-01\t0.1\n".encode("utf-16"),
        b"Spam Rate,Date\n0.001,11/1/2026\n",
        b"\n,\nDate,Spam Rate\n20261101,0.1 %\n",
        b'Date,Spam rate\n"Nov 1, 2026",.001\n',
        b"Day,spam_rate,caf\xe9\n2026-11-01T00:00:00Z,0.001,x\n",
    ],
    ids=["semicolon-bom", "tabs-utf16", "other-order", "blank-lines", "words", "latin-1"],
)
def test_forms_of_the_same_file_say_the_same(raw: bytes) -> None:
    assert told(read(raw, "example.com")) == [("example.com", "2026-11-01", "spam_rate", 0.001, "")]


@every(
    ("cell", "why"),
    [
        ("-0.1", "what cannot be under spam_rate"),
        ("1.5", "what cannot be under spam_rate"),
        ("101%", "what cannot be under spam_rate"),
        ("nan", "what cannot be under spam_rate"),
        ("=1+1", "what cannot be under spam_rate"),
        ("\u0660.\u0661", "what cannot be under spam_rate"),
    ],
)
def test_a_cell_that_cannot_be_is_left_out_and_said_so(cell: str, why: str) -> None:
    export = read(f"Date,Spam rate,SPF\n2026-11-01,{cell},1\n", "example.com")
    assert export.left_out == {why: 1}
    assert [each.name for each in export.figures] == ["spf"]


@every("day", ["2027-01-01", "1999-01-01", "13/13/2026", "", "soon", "99999999"])
def test_a_day_that_cannot_be_is_left_out(day: str) -> None:
    export = read(f"Date,Spam rate\n{day},0.1%\n2026-11-04,0.1%\n", "example.com")
    assert len(export.figures) == 1
    assert export.left_out == {"a day that cannot be": 1}


@every(
    "day",
    ["25.10.2026", "25.10.2026 00:00", "2026/10/25", "2026.10.25", "25 Oct 2026", "25-Oct-2026", "October 25, 2026",
     "25 October 2026", "25/10/2026", "10/25/2026"],
)  # fmt: skip
def test_a_day_that_can_be_read_in_one_way_is_read(day: str) -> None:
    export = read(f'Date,Spam rate\n"{day}",0.1%\n', "example.com")
    assert [each.day for each in export.figures] == ["2026-10-25"]
    assert (export.lines, export.lines_left_out, export.left_out) == (1, 0, {})


def test_slashes_are_read_as_those_of_the_same_file_that_can_be_the_one_alone() -> None:
    export = read("Date,Spam rate\n3/10/2026,0.1%\n25/10/2026,0.1%\n", "example.com")
    assert [each.day for each in export.figures] == ["2026-10-03", "2026-10-25"]
    export = read("Date,Spam rate\n3/10/2026,0.1%\n", "example.com")
    assert [each.day for each in export.figures] == ["2026-03-10"], "Microsoft has the month first"


def test_a_file_that_writes_days_in_both_ways_says_how_many_lines_are_left_out() -> None:
    export = read("Date,Spam rate\n10/25/2026,0.1%\n25/10/2026,0.1%\n2026-10-26,0.1%\n25.10.26,1%\n", "example.com")
    assert [each.day for each in export.figures] == ["2026-10-26"]
    assert (export.lines, export.lines_left_out) == (4, 3)
    assert export.examples == {"a day that cannot be": "10/25/2026"}


def test_without_a_domain_nothing_of_google_is_kept() -> None:
    export = read("Date,Spam rate\n2026-11-01,0.1%\n")
    assert (export.figures, export.left_out) == ((), {"a line of no domain or server": 1})


def test_snds_is_known_with_headings_and_without() -> None:
    line = "192.0.2.10,11/1/2026 12:00 AM,11/1/2026 11:00 PM,100,99,98,GREEN,< 0.1%,,,3,mx.example.com,a@example.com,\n"
    heading = (
        "IP Address,Activity period start,Activity period end,RCPT commands,DATA commands,Message recipients,"
        "Filter result,Complaint rate,Trap message period start,Trap message period end,Trap hits,Sample HELO,"
        "Sample MAIL FROM,Comments\n"
    )
    for raw in (line, heading + line):
        export = read(raw)
        assert (export.source, export.unknown) == ("snds", ())
        assert told(export) == [
            ("192.0.2.10", "2026-11-01", "recipients", 98.0, ""),
            ("192.0.2.10", "2026-11-01", "filter", None, "green"),
            ("192.0.2.10", "2026-11-01", "complaint_rate", 0.001, "<"),
            ("192.0.2.10", "2026-11-01", "trap_hits", 3.0, ""),
        ]
        assert "a@example.com" not in str(export)


@every("raw", [b"", b"\n\n", b"a,b\n1,2\n", b"<html></html>", b"\0\0\0", b"192.0.2.1,x\n"])
def test_another_file_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(raw)


def test_size_lines_and_columns_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MAX_ROWS", 2)
    with pytest.raises(Unreadable, match="more than"):
        read("Date,Spam rate\n" + "2026-11-01,0.1%\n" * 3, "example.com")
    with pytest.raises(Unreadable, match="more than"):
        read("Date,Spam rate" + ",x" * 200 + "\n")
    with pytest.raises(Unreadable, match="no CSV"):
        read('Date,Spam rate\n2026-11-01,"' + "x" * 200_000, "example.com")
    monkeypatch.setattr(figures, "MAX_BYTES", 3)
    with pytest.raises(Unreadable, match="larger than"):
        read("Date")
