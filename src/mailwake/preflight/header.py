"""Fields that every message has, and those that bulk mail needs.

Source: RFC 5322 section 3.6 (which fields, how often), RFC 2919 (List-Id),
https://support.google.com/mail/answer/6254652 (Feedback-ID), https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from itertools import islice

from mailwake.compose.feedback import names_reader
from mailwake.markup.addresses import addresses_in, is_group
from mailwake.markup.words import encoded_words, readable
from mailwake.preflight.body import tag_in
from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.links import is_inner
from mailwake.preflight.mail import Mail
from mailwake.preflight.names import is_mailbox
from mailwake.preflight.surroundings import Surroundings

#: At most one of each (RFC 5322 section 3.6; RFC 2045 section 3; RFC 2369 section 3.4; RFC 2919 section 3).
_ONCE = (
    "from", "sender", "reply-to", "to", "cc", "date", "message-id", "subject", "mime-version", "content-type",
    "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "list-id",
)  # fmt: skip
#: Fields whose words readers see.
_SEEN = frozenset(("subject", "from", "sender", "reply-to", "to", "cc", "list-id"))
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_LIST_ID = re.compile(r"(?:[^<>]*)<[^<>\s]+\.[^<>\s]+>\s*")
_COMMENT = re.compile(r"\([^()]*\)")
_DAY = re.compile(r"\s*([A-Za-z]+)\s*,")
#: Servers queue mail for five days; a date further off is a clock that is wrong or an old draft.
_OLDEST, _LATEST = timedelta(days=6), timedelta(days=1)


def check_header(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """From, Date, Message-ID, Subject, and what may stand only once."""
    for name in _ONCE:
        if len(found := mail.values(name)) > 1:
            yield finding("field_twice", found[1][1], found[1][0], name=_cased(name))
    for name, value, line in mail.fields:
        faults = (words for words in encoded_words(value if name in _SEEN else "") if words.fault)
        for words in islice(faults, 1):
            yield finding(words.fault or "", line, value, charset=words.said, encoding=words.said)
    yield from _sender(mail)
    yield from _date(mail, around.now)
    yield from _readers(mail)
    identity, line = mail.first("message-id"), mail.line_of("message-id")
    if identity is None:
        yield finding("message_id_missing", 1)
    elif not _MESSAGE_ID.fullmatch(identity):
        yield finding("message_id_bad", line, identity)
    elif is_inner(host := identity.rpartition("@")[2].strip(">").lower()):
        yield finding("message_id_local", line, identity, host=host)
    if not readable(mail.first("subject") or "").strip():
        yield finding("subject_missing", mail.line_of("subject"))
    version = mail.first("mime-version")
    if mail.first("content-type") is not None and version is None:
        yield finding("mime_version_missing", mail.line_of("content-type"))
    elif version is not None and _COMMENT.sub("", version).strip() != "1.0":
        yield finding("mime_version_bad", mail.line_of("mime-version"), version, version=version)
    if not around.is_transactional:
        yield from _bulk(mail)


def _sender(mail: Mail) -> Iterator[Finding]:
    written = mail.first("from")
    if written is None:
        yield finding("from_missing", 1)
        return
    addresses, line = addresses_in([written]), mail.line_of("from")
    if addresses and is_group(written):
        yield finding("from_group", line, written)
    elif len(addresses) > 1:
        yield finding("from_many", line, written)
    elif not addresses or not is_mailbox(addresses[0]):
        yield finding("from_bad", line, written)


def _readers(mail: Mail) -> Iterator[Finding]:
    """That somebody is named to whom it goes, and that answers can go somewhere."""
    if mail.first("to") is None and mail.first("cc") is None:
        yield finding("to_missing", 1)
    for name in ("to", "cc", "reply-to"):
        for written, line in mail.values(name)[:1]:
            if not (is_group(written) or tag_in(readable(written)) or any(map(is_mailbox, mail.addresses(name)))):
                yield finding("address_bad", line, written, name=_cased(name))


def _date(mail: Mail, now: datetime) -> Iterator[Finding]:
    written, line = mail.first("date"), mail.line_of("date")
    if written is None:
        yield finding("date_missing", 1)
        return
    try:
        read = parsedate_to_datetime(written)
        said = read if read.tzinfo else read.replace(tzinfo=now.tzinfo)
    except (ValueError, TypeError, OverflowError):
        yield finding("date_bad", line, written)
        return
    day, right = _DAY.match(written), format_datetime(said)[:3]
    if not now - _OLDEST <= said <= now + _LATEST:
        yield finding("date_off", line, written)
    elif read.tzinfo is None and "-0000" not in written:
        yield finding("date_zone", line, written)
    elif day and day[1].capitalize() != right:
        yield finding("date_weekday", line, written, said=day[1], right=right)


def _bulk(mail: Mail) -> Iterator[Finding]:
    listed = mail.first("list-id")
    if listed is None:
        yield finding("list_id_missing", 1)
    elif not _LIST_ID.fullmatch(listed):
        yield finding("list_id_bad", mail.line_of("list-id"), listed)
    yield from _feedback(mail, mail.values("feedback-id"))


def _feedback(mail: Mail, found: list[tuple[str, int]]) -> Iterator[Finding]:
    """Groups of mail that Gmail counts complaints of: they are of no single reader."""
    if not found:
        yield finding("feedback_id_missing", 1)
        return
    written, line = found[0]
    if len(found) > 1:
        yield finding("feedback_id_twice", found[1][1], found[1][0])
    elif not 2 <= len(written.split(":")) <= 4 or not written.rpartition(":")[2].strip():
        yield finding("feedback_id_bad", line, written)
    readers = filter(is_mailbox, (*mail.addresses("to"), *mail.addresses("cc")))
    if names_reader(written, readers):
        yield finding("feedback_id_personal", line, written)


def _cased(name: str) -> str:
    special = {"message-id": "Message-ID", "mime-version": "MIME-Version", "list-id": "List-Id"}
    return special.get(name) or "-".join(word.capitalize() for word in name.split("-"))
