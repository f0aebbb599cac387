"""One mail that came back, read: complaint, notification, plain words, program, person — asked in this order.

A third of all bounces carry ``Auto-Submitted: auto-replied``, so the vacation test must come after the bounce test; and
a delay must be told from a failure before anything counts.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mailwake.notices.arf import read_feedback
from mailwake.notices.dsn import FIELDS, find_reply, is_address, kind_of, read_fields_in, read_reports, shorten
from mailwake.notices.leave_words import asks_to_leave
from mailwake.notices.mail import (
    Part,
    addresses,
    dated,
    header,
    message_id,
    open_mail,
    open_text,
    sent_to,
    text,
)
from mailwake.notices.notice import Action, Kind, Notice, Report
from mailwake.notices.phrases import load
from mailwake.notices.plain import about, is_delay, read_failed_header, read_plain, stage_told
from mailwake.notices.replies import automatic_answer, is_reply, receipt_of
from mailwake.notices.told import Told

_LETTERS = re.compile(r"[^\W\d_]{2}")
_MESSAGE_ID = re.compile(r"message-id:\s{0,20}<([^<>\s]{3,300})>", re.IGNORECASE)
#: Words that say nothing by themselves: what sendmail writes where a program failed, and what others write for all.
#: what is judged of one mail's reasons altogether, and of one at least
_MAX_CHARS, _LEAST_CHARS = 40_000, 300
_EMPTY = re.compile(r"^(?:[\d\s.;:()#-]|smtp|x-unix|unknown|undefined|none|null)*$", re.IGNORECASE)


def read_notice(raw: bytes) -> tuple[Notice, Part]:
    """What a mail says, and the mail itself for those who look for a token in it.

    Raises:
        Unreadable: it cannot be parsed within the limits; keep the bytes.
    """
    message = open_mail(raw)
    return _read(Told(message, load())), message


def returned_mail(message: Part) -> Part | None:
    """The mail that a notice gives back, or its headers alone."""
    return Told(message, load()).returned


def _read(told: Told, *, may_hold: bool = True) -> Notice:
    message = told.message
    feedback = read_feedback(message)
    if feedback is not None:
        return _notice(told, Kind.COMPLAINT, feedback[1] or _only_recipient(told), feedback_type=feedback[0])
    reports = _read_fields(told)
    if reports:
        return _notice(told, kind_of(reports), reports)
    if not message.has("x-failed-recipients") and may_hold:
        held = _read_held(told)
        if held is not None:
            return held
    receipt = receipt_of(message)
    reports = [] if "displayed" in (receipt or "") else read_failed_header(told) or read_plain(told)
    if reports:
        return _notice(told, kind_of(reports), reports)
    if receipt is not None:
        return _notice(told, Kind.NOT_BOUNCE, [])
    answer = None if told.is_from_a_server and not told.has_no_sender else automatic_answer(told)
    if answer is not None:
        return _notice(told, Kind.AUTO_REPLY, [], answer=answer)
    return _notice(told, Kind.REPLY if is_reply(message) else Kind.NOT_BOUNCE, [])


def _read_fields(told: Told) -> list[Report]:
    """The machine-readable part, or its fields where they stand as text; each with the words that it lacks."""
    own = list(told.message.own)
    reports = read_reports(own)
    if not reports and (told.is_from_a_server or told.message.kind == "multipart/report" or told.has_no_sender):
        for part in own:
            if not part.inside and part.kind.startswith(("text/", "multipart/", "message/")):
                packed = part.has("content-transfer-encoding")
                said = text(part) if packed or "ecipient" in part.body or "ECIPIENT" in part.body else ""
                if "ecipient" in said.lower() and FIELDS.search(said):
                    reports = read_fields_in(said)
                    break
    if any(report.action is Action.FAILED for report in reports) and _only_warns(told, reports):
        reports = [replace(report, action=Action.DELAYED) for report in reports]
    return [_completed(told, report, alone=len(reports) == 1) for report in reports]


def _only_warns(told: Told, reports: list[Report]) -> bool:
    """Whether a server calls a delay a failure: every status is temporary and the words promise to go on."""
    return all((report.status or "4")[0] == "4" for report in reports) and is_delay(told) and bool(told.lines)


def _completed(told: Told, report: Report, *, alone: bool) -> Report:
    """A report with the address and the words that stand only in the text."""
    address, words = report.address, report.diagnostic
    if address is None or not is_address(address):
        named = addresses(told.message, "x-failed-recipients")
        if alone and len(named) == 1:
            address = named[0]
        elif alone:
            found = [each.address for each in read_plain(told) if each.address]
            address = found[0] if len(found) == 1 else address
    if report.action is Action.FAILED and _says_all_is_well(report):
        words, report = "", replace(report, smtp=None, status=None)
    if _EMPTY.match(words):
        words = shorten(f"{words} {about(told, (address or '').lower(), alone=alone)}")
    elif report.action is Action.FAILED and "in reply to" not in words:
        stage = stage_told(told, (report.address or "").lower(), alone=alone)
        words = shorten(f"{words[:900]} {stage}") if stage else words
    smtp = report.smtp or find_reply(words)
    if (address, words, smtp) == (report.address, report.diagnostic, report.smtp):
        return report
    return replace(report, address=address, diagnostic=words, smtp=smtp)


def _says_all_is_well(report: Report) -> bool:
    """Whether the fields call a failure a success, as AOL's did: then the text tells."""
    codes = [code for code in (report.status, report.smtp) if code]
    return bool(codes) and all(code.startswith("2") for code in codes)


def _read_held(told: Told) -> Notice | None:
    """A notice inside this mail: attached, or standing below a few words of a server that passed it on."""
    for part in told.message.own:
        if part.kind == "message/rfc822" and part.inside and part is not told.message:
            inner = part.inside[0]
            says_nothing = told.has_no_sender and not told.lowered
            if says_nothing or (
                inner.kind == "multipart/report" and not is_reply(told.message) and not _names_anybody(told)
            ):
                notice = _read(Told(inner, told.phrases), may_hold=False)
                return notice if notice.reports else None
    words = told.enclosed if told.is_from_a_server or told.has_no_sender else None
    if words is not None and ("multipart/report" in words[:5_000].lower() or "mailer-daemon" in words[:5_000].lower()):
        notice = _read(Told(open_text(words), told.phrases), may_hold=False)
        return notice if notice.reports and notice.kind is not Kind.COMPLAINT else None
    return None


def _names_anybody(told: Told) -> bool:
    """Whether its own words say of somebody that a mail failed; who only passes a notice on says it of nobody."""
    return told.tells_failure and any(report.address for report in read_plain(told))


def _only_recipient(told: Told) -> list[Report]:
    """The recipient of the mail complained about, where it had just one and the report does not hide it."""
    returned = told.returned
    named = addresses(returned, "to", "cc") if returned is not None else ()
    return [Report(address=named[0], action=Action.DELIVERED)] if len(named) == 1 else []


def _shared(reports: list[Report]) -> list[Report]:
    """All their words together within bounds: where many are told of, a server says little of each."""
    most = max(_LEAST_CHARS, _MAX_CHARS // max(len(reports), 1))
    return [
        replace(report, diagnostic=report.diagnostic[:most].rstrip()) if len(report.diagnostic) > most else report
        for report in reports
    ]


def _notice(
    told: Told, kind: Kind, reports: list[Report], *, feedback_type: str | None = None, answer: str | None = None
) -> Notice:
    message, returned = told.message, told.returned
    original = message_id(returned) if returned is not None else None
    if original is None and kind in (Kind.REPLY, Kind.AUTO_REPLY):
        original = " ".join(message.first("in-reply-to").split()).strip("<>") or None
    if original is None and reports:
        place = message.body.lower().find("\nmessage-id:")
        found = _MESSAGE_ID.match(message.body, place + 1) if place >= 0 else None
        original = found[1] if found else header(message, "x-original-message-id").strip("<>") or None
    first = next((part for part in message.own if part.kind == "text/plain"), message)
    return Notice(
        kind=kind,
        asks_to_leave=asks_to_leave(header(message, "subject"), text(first)) if kind is Kind.REPLY else None,
        reports=tuple(_shared(reports)),
        original_message_id=original,
        feedback_type=feedback_type,
        answer=answer,
        sender=next(iter(told.sender), None),
        returned_to=sent_to(returned) if returned is not None else (),
        dated=dated(message),
    )
