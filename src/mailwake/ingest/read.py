"""One mail that came back, read: complaint, notification, plain words, program, person — asked in this order.

A third of all bounces carry ``Auto-Submitted: auto-replied``, so the vacation test must come after the bounce test; and
a delay must be told from a failure before anything counts.
"""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser

from mailwake.ingest.arf import read_feedback
from mailwake.ingest.dsn import kind_of, read_reports
from mailwake.ingest.mail import addresses, dated, inner_text, inside, message_id, open_mail, parts
from mailwake.ingest.notice import Action, Kind, Notice, Report
from mailwake.ingest.plain import is_from_a_server, read_plain
from mailwake.ingest.replies import is_auto_reply, is_reply


def read_notice(raw: bytes) -> tuple[Notice, Message]:
    """What a mail says, and the mail itself for those who look for a token in it.

    Raises:
        Unreadable: it cannot be parsed within the limits; keep the bytes.
    """
    message = open_mail(raw)
    feedback = read_feedback(message)
    if feedback is not None:
        about = feedback[1] or _only_recipient(message)
        return _notice(message, Kind.COMPLAINT, about, feedback_type=feedback[0]), message
    reports = read_reports(message) or read_plain(message)
    if reports:
        return _notice(message, kind_of(reports), reports), message
    if is_auto_reply(message) and not is_from_a_server(message):
        return _notice(message, Kind.AUTO_REPLY, []), message
    kind = Kind.REPLY if is_reply(message) else Kind.NOT_BOUNCE
    return _notice(message, kind, []), message


def returned_mail(message: Message) -> Message | None:
    """The mail that a notice gives back, or its headers alone."""
    for part in parts(message):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global") and (held := inside(part)):
            return held[0]
        if kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            return _headers(part)
    return None


def _headers(part: Message) -> Message:
    return HeaderParser().parsestr(inner_text(part).lstrip())


def _only_recipient(message: Message) -> list[Report]:
    """The recipient of the mail complained about, where it had just one and the report does not hide it."""
    returned = returned_mail(message)
    named = addresses(returned, "to", "cc") if returned is not None else ()
    return [Report(address=named[0], action=Action.DELIVERED)] if len(named) == 1 else []


def _notice(message: Message, kind: Kind, reports: list[Report], *, feedback_type: str | None = None) -> Notice:
    returned = returned_mail(message)
    about = message_id(returned) if returned is not None else None
    if about is None and kind is Kind.REPLY:
        about = " ".join(str(message.get("in-reply-to", "")).split()).strip("<>") or None
    return Notice(
        kind=kind,
        reports=tuple(reports),
        original_message_id=about,
        feedback_type=feedback_type,
        returned_to=addresses(returned, "to", "cc") if returned is not None else (),
        dated=dated(message),
    )
