"""Hostile XML: nothing expands, nothing is fetched, nothing is kept past a limit."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.every import every

from mailwake.errors import Unreadable
from mailwake.postmaster import elements
from mailwake.postmaster.elements import MAX_DEPTH, MAX_TEXT, Fields, read

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><feedback><record><a>&c;</a></record></feedback>"""


def records(raw: bytes) -> tuple[Fields, list[Fields]]:
    """What stands outside of records, and each."""
    found: list[Fields] = []
    return read(raw, root="feedback", record="record", each=found.append), found


def test_fields_are_told_by_their_path_and_namespaces_are_passed_over() -> None:
    raw = b"""<d:feedback xmlns:d="urn:ietf:params:xml:ns:dmarc-2.0"><d:head><d:name> A &amp; B </d:name></d:head>
    <d:record><d:row><d:count>3</d:count><d:count>4</d:count></d:row></d:record><d:record/></d:feedback>"""
    assert records(raw) == ({"head/name": "A & B"}, [{"row/count": "3"}, {}])


@every(
    "raw",
    [
        LAUGHS,
        b'<!DOCTYPE feedback SYSTEM "file:///etc/passwd"><feedback/>',
        b'<!DOCTYPE feedback [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback><a>&x;</a></feedback>',
        b'<!DOCTYPE feedback [<!ENTITY % p SYSTEM "http://192.0.2.1/x.dtd"> %p;]><feedback/>',
        b"<!DOCTYPE feedback><feedback/>",
        LAUGHS.decode().replace('version="1.0"', 'version="1.0" encoding="utf-16"').encode("utf-16"),
    ],
    ids=["laughs", "external-dtd", "external-entity", "parameter-entity", "bare", "utf-16"],
)
def test_a_document_type_is_refused_whatever_is_in_it(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="declares a document type"):
        records(raw)


def test_an_entity_that_nobody_declared_is_broken_xml() -> None:
    with pytest.raises(Unreadable, match="broken"):
        records(b"<feedback><a>&x;</a></feedback>")


def test_what_never_ends_is_read_over_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of expat before 2.6 begin such a thing anew with every piece."""
    pieces: list[int] = []
    parts = elements._parts

    def counted(raw: bytes) -> Iterator[bytes]:
        for each in parts(raw):
            pieces.append(len(each))
            yield each

    monkeypatch.setattr(elements, "_parts", counted)
    raw = b"<feedback><!--" + b"a" * 4_000_000
    with pytest.raises(Unreadable):
        records(raw)
    assert (sum(pieces), len(pieces)) == (len(raw), 7)


def test_depth_is_bounded() -> None:
    inner = MAX_DEPTH - 1
    records(b"<feedback>" + b"<a>" * inner + b"</a>" * inner + b"</feedback>")
    with pytest.raises(Unreadable, match="nested beyond reason"):
        records(b"<feedback>" + b"<a>" * 1_000_000)


def test_long_text_is_cut_and_not_kept() -> None:
    head, _ = records(b"<feedback><a>" + b"x" * 5_000_000 + b"</a><b>y</b></feedback>")
    assert len(head.get("a", "")) <= MAX_TEXT
    assert head["b"] == "y"


@pytest.mark.parametrize(
    "raw",
    [b"", b"<feedback>", b"<feedback></record>", b"no xml"],
)
def test_broken_xml_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="broken"):
        records(raw)


def test_another_root_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="no feedback"):
        records(b"<html><body/></html>")


@every(
    ("says", "codec"),
    [
        ("utf-8", "latin-1"),
        ("utf-8", "utf-8"),
        ("utf-16", "utf-16"),
        ("windows-1252", "cp1252"),
        ("us-ascii", "utf-8"),
        ("nonsense", "utf-8"),
        ("iso-8859-1", "utf-8"),
    ],
)
def test_what_a_document_says_of_its_encoding_may_be_wrong(says: str, codec: str) -> None:
    raw = f'<?xml version="1.0" encoding="{says}"?><feedback><name>Zoë</name></feedback>'.encode(codec)
    assert records(raw)[0] == {"name": "Zoë"}


def test_nothing_of_the_disk_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<a>secret</a>")
    raw = f'<feedback xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret}"/></feedback>'
    assert records(raw.encode()) == ({}, [])
