"""Whatever a report comes in, it is found; whatever is hostile in it ends within limits."""

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from tests.every import every
from tests.postmaster.reports import GZIPPED, PLAIN, mailed, zipped

from mailwake.errors import Unreadable
from mailwake.postmaster import unpacking
from mailwake.postmaster.unpacking import MAX_ENTRIES, MAX_XML_BYTES, documents


@every(
    "raw",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        GZIPPED,
        zipped(PLAIN),
        mailed(GZIPPED),
        mailed(zipped(PLAIN), kind="application/zip", name="report.zip"),
        mailed(PLAIN, kind="text/xml", name="report.xml"),
        mailed(GZIPPED, kind="application/octet-stream", name="whatever"),
        GZIPPED + b"\0" * 512,
    ],
    ids=["xml", "bom", "gzip", "zip", "mail-gzip", "mail-zip", "mail-xml", "mail-octets", "padded-gzip"],
)
def test_a_report_is_found_in_whatever_it_comes(raw: bytes) -> None:
    assert [each.removeprefix(b"\xef\xbb\xbf") for each in documents(raw)] == [PLAIN]


def test_several_reports_of_one_file_are_all_found() -> None:
    assert documents(zipped(PLAIN, PLAIN)) == [PLAIN, PLAIN]
    assert documents(gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:])) == [PLAIN]


def test_utf_16_is_seen_as_xml() -> None:
    assert len(documents(zipped(PLAIN.decode().encode("utf-16")))) == 1


@pytest.mark.parametrize("raw", [b"", b"plain words", b"Subject: hello\r\n\r\nno report here\r\n", zipped(b"words")])
def test_what_holds_no_report_gives_none(raw: bytes) -> None:
    assert documents(raw) == []


@pytest.mark.parametrize(
    "pack",
    [
        lambda bomb: mailed(gzip.compress(bomb)),
        *(pytest.param(pack, marks=pytest.mark.long) for pack in (gzip.compress, zipped)),
    ],
    ids=["mailed", "gzip", "zip"],
)
def test_a_bomb_is_refused_before_it_unpacks(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"<" + b" " * (MAX_XML_BYTES * 4))
    tracemalloc.start()
    with pytest.raises(Unreadable, match="unpacks to more than 32 MB"):
        documents(packed)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * MAX_XML_BYTES


def test_entries_of_a_zip_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_XML_BYTES", len(PLAIN) * 2)
    assert len(documents(zipped(PLAIN, PLAIN))) == 2
    with pytest.raises(Unreadable, match="unpacks to more"):
        documents(zipped(PLAIN, PLAIN, PLAIN))


def test_a_zip_that_lies_about_its_size_is_refused() -> None:
    packed = zipped(PLAIN).replace(len(PLAIN).to_bytes(4, "little"), (7).to_bytes(4, "little"))
    with pytest.raises(Unreadable, match="damaged"):
        documents(packed)


@pytest.mark.parametrize(
    "raw",
    [zipped(zipped(PLAIN)), zipped(GZIPPED), gzip.compress(GZIPPED), gzip.compress(zipped(PLAIN))],
    ids=["zip-zip", "zip-gzip", "gzip-gzip", "gzip-zip"],
)
def test_archives_inside_archives_are_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="inside an archive"):
        documents(raw)


def test_a_gzip_file_of_many_members_is_refused() -> None:
    """What is behind each of them is copied: half a million empty ones would take hours."""
    with pytest.raises(Unreadable, match="more than 20 members"):
        documents(gzip.compress(b"") * MAX_ENTRIES + GZIPPED)


def test_a_zip_of_many_entries_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 20 entries"):
        documents(zipped(*[PLAIN] * (MAX_ENTRIES + 1)))


@pytest.mark.parametrize("cut", [4, 20, 100, -1])
def test_damaged_archives_are_refused_and_named(cut: int) -> None:
    for packed in (GZIPPED[:cut], zipped(PLAIN)[:cut]):
        with pytest.raises(Unreadable, match=r"damaged|too early"):
            documents(packed)


def test_a_locked_or_strangely_packed_zip_is_refused() -> None:
    locked = bytearray(zipped(PLAIN))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + place] |= 1
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("report.xml", PLAIN)
    for raw in (bytes(locked), file.getvalue()):
        with pytest.raises(Unreadable, match="its zip is"):
            documents(raw)


def test_a_file_past_the_limit_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_PACKED_BYTES", 1_000)
    with pytest.raises(Unreadable, match="larger than"):
        documents(PLAIN)
