"""Fields that every message has, and those that bulk mail needs.

Source: RFC 5322 section 3.6 (which fields, how often), RFC 2919 (List-Id),
https://support.google.com/mail/answer/6254652 (Feedback-ID), https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import getaddresses, parsedate_to_datetime

from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.mail import Mail
from mailwake.preflight.names import is_mailbox
from mailwake.preflight.surroundings import Surroundings

#: At most one of each (RFC 5322 section 3.6; RFC 2045 section 3; RFC 2369 section 3.4; RFC 2919 section 3).
_ONCE = (
    "from", "sender", "reply-to", "to", "cc", "date", "message-id", "subject", "mime-version", "content-type",
    "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "list-id",
)  # fmt: skip
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_LIST_ID = re.compile(r"(?:[^<>]*)<[^<>\s]+\.[^<>\s]+>\s*")
#: Servers queue mail for five days; a date further off is a clock that is wrong or an old draft.
_OLDEST, _LATEST = timedelta(days=6), timedelta(days=1)


def check_header(mail: Mail, around: Surroundings) -> Iterator[Finding]:
    """From, Date, Message-ID, Subject, and what may stand only once."""
    for name in _ONCE:
        if len(found := mail.values(name)) > 1:
            yield finding("field_twice", found[1][1], found[1][0], name=_cased(name))
    yield from _sender(mail)
    yield from _date(mail, around.now)
    identity = mail.first("message-id")
    if identity is None:
        yield finding("message_id_missing", 1)
    elif not _MESSAGE_ID.fullmatch(identity):
        yield finding("message_id_bad", mail.line_of("message-id"), identity)
    if not (mail.first("subject") or "").strip():
        yield finding("subject_missing", mail.line_of("subject"))
    if mail.first("content-type") is not None and mail.first("mime-version") is None:
        yield finding("mime_version_missing", mail.line_of("content-type"))
    if not around.is_transactional:
        yield from _bulk(mail)


def _sender(mail: Mail) -> Iterator[Finding]:
    written = mail.first("from")
    if written is None:
        yield finding("from_missing", 1)
        return
    addresses = [address for _, address in getaddresses([written]) if address]
    line = mail.line_of("from")
    if len(addresses) > 1:
        yield finding("from_many", line, written)
    elif not addresses or not is_mailbox(addresses[0]):
        yield finding("from_bad", line, written)


def _date(mail: Mail, now: datetime) -> Iterator[Finding]:
    written = mail.first("date")
    if written is None:
        yield finding("date_missing", 1)
        return
    try:
        said = parsedate_to_datetime(written)
        said = said if said.tzinfo else said.replace(tzinfo=now.tzinfo)
    except (ValueError, TypeError, OverflowError):
        yield finding("date_bad", mail.line_of("date"), written)
        return
    if not now - _OLDEST <= said <= now + _LATEST:
        yield finding("date_off", mail.line_of("date"), written)


def _bulk(mail: Mail) -> Iterator[Finding]:
    listed = mail.first("list-id")
    if listed is None:
        yield finding("list_id_missing", 1)
    elif not _LIST_ID.fullmatch(listed):
        yield finding("list_id_bad", mail.line_of("list-id"), listed)
    feedback = mail.first("feedback-id")
    if feedback is None:
        yield finding("feedback_id_missing", 1)
    elif len(feedback.split(":")) > 4 or not feedback.rpartition(":")[2].strip():
        yield finding("feedback_id_bad", mail.line_of("feedback-id"), feedback)


def _cased(name: str) -> str:
    special = {"message-id": "Message-ID", "mime-version": "MIME-Version", "list-id": "List-Id"}
    return special.get(name) or "-".join(word.capitalize() for word in name.split("-"))
