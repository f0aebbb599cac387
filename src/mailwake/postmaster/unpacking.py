"""From a file or a mail to the XML documents in it: plain, gzip, zip, or attached. Never more than a limit unpacks to.

Archives inside archives are refused, and so is a zip file of many entries: a report is one document. Source:
RFC 7489 section 7.2.1.1 (gzip; many send zip), RFC 1952, PKWARE's APPNOTE.TXT.
"""

from __future__ import annotations

import binascii
import io
import quopri
import re
import zipfile
import zlib
from collections.abc import Iterator

from mailwake.errors import Unreadable
from mailwake.markup.mime import Entity, read_message

#: Of one document, unpacked. A day of a large sender at a large provider is a few megabytes.
MAX_XML_BYTES = 32 << 20
#: Of what it comes in.
MAX_PACKED_BYTES = 32 << 20
#: Of a zip file, members of a gzip file, and attachments of a mail that are looked into.
MAX_ENTRIES = 20
_GZIP, _ZIP, _ZIP_ENTRY = b"\x1f\x8b", b"PK\x03\x04", b"PK\x01\x02"
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
#: An attachment larger than that in XML's clothes is looked at by its beginning alone.
_HEAD = 512


def documents(raw: bytes) -> list[bytes]:
    """The XML documents in a file or a mail, in order; empty where there is none.

    Raises:
        Unreadable: it is too large, unpacks to too much, is damaged, or is an archive that holds archives.
    """
    if len(raw) > MAX_PACKED_BYTES:
        raise Unreadable(f"it is larger than {MAX_PACKED_BYTES >> 20} MB")
    if _is_archive(raw) or _looks_like_xml(raw):
        return _opened(raw)
    return [found for part in _attachments(raw) for found in _opened(part)]


def _opened(raw: bytes) -> list[bytes]:
    if raw.startswith(_GZIP):
        found = [_gunzip(raw)]
    elif raw.startswith(_ZIP):
        found = list(_unzip(raw))
    else:
        return [raw]
    if any(_is_archive(each) for each in found):
        raise Unreadable("it is an archive inside an archive")
    return [each for each in found if _looks_like_xml(each)]


def _is_archive(raw: bytes) -> bool:
    return raw.startswith((_GZIP, _ZIP))


def _looks_like_xml(raw: bytes) -> bool:
    head = raw[:_HEAD]
    if head.startswith(_MARKS[1:]):
        head = head.replace(b"\0", b"")[2:]
    return head.removeprefix(_MARKS[0]).lstrip().startswith(b"<")


def _gunzip(raw: bytes) -> bytes:
    """All members of a gzip file, one behind the other; what follows the last is passed over."""
    found, members = b"", 0
    while raw.startswith(_GZIP):
        members += 1
        if members > MAX_ENTRIES:  # what is behind each is copied
            raise Unreadable(f"its gzip has more than {MAX_ENTRIES} members")
        opened = zlib.decompressobj(wbits=31)
        try:
            found += opened.decompress(raw, MAX_XML_BYTES + 1 - len(found))
        except zlib.error as fault:
            raise Unreadable("its gzip is damaged") from fault
        _check_size(found)
        if not opened.eof:
            raise Unreadable("its gzip ends too early")
        raw = opened.unused_data
    return found


def _unzip(raw: bytes) -> Iterator[bytes]:
    if raw.count(_ZIP_ENTRY) > MAX_ENTRIES:  # before anything is made of each
        raise Unreadable(f"its zip has more than {MAX_ENTRIES} entries")
    left = MAX_XML_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise Unreadable("its zip is packed in a way that reports are not")
                with archive.open(entry) as file:
                    found = file.read(left + 1)
                left -= len(found)
                if left < 0:
                    raise Unreadable(_too_much())
                yield found
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError, ValueError) as fault:
        raise Unreadable("its zip is damaged or locked") from fault


def _check_size(found: bytes) -> None:
    if len(found) > MAX_XML_BYTES:
        raise Unreadable(_too_much())


def _too_much() -> str:
    return f"it unpacks to more than {MAX_XML_BYTES >> 20} MB"


def _attachments(raw: bytes) -> Iterator[bytes]:
    """Attached archives and XML of a mail, the transfer encoding taken off."""
    message = read_message(raw)
    left = MAX_ENTRIES
    for part in () if message is None else message.walk():
        if part.parts or part.content_type in ("text/plain", "text/html"):
            continue
        body = _body(raw, part)
        if left > 0 and (_is_archive(body) or _looks_like_xml(body)):
            left -= 1
            yield body


def _body(raw: bytes, part: Entity) -> bytes:
    body = raw[part.body_start : part.body_end]
    if part.encoding == "quoted-printable":
        return quopri.decodestring(body)
    if part.encoding != "base64":
        return body
    packed = _NO_BASE64.sub(b"", body)
    try:
        return binascii.a2b_base64(packed + b"=" * (-len(packed) % 4))
    except binascii.Error:
        return b""
