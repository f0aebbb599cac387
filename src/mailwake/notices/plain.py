"""Bounces without a machine-readable part, read as a person would: which address stands where a refusal is told.

No server product is known here by name. A mail that a server wrote names the address at the head of a line, behind a
word such as *recipient*, or in the sentence that says what went wrong; the words of each place are in ``formats.toml``.
"""

from __future__ import annotations

import re

from mailwake.notices.dsn import find_reply, find_status, shorten
from mailwake.notices.mail import addresses, header
from mailwake.notices.notice import Action, Report
from mailwake.notices.phrases import says
from mailwake.notices.places import ADDRESS, find_recipients, heads
from mailwake.notices.told import Told

_MAX_RECIPIENTS = 50
_MAX_CONTEXT = 40
#: Of what a notice of many says on one recipient; a server names the command within the first lines of it.
_MAX_SAID_CHARS = 8_000
#: signs that a machine tells of a failure; each alone stands in other mail too
_ENOUGH = 3
#: A number that a help desk puts into its subjects; it repeats those of other mail.
_TICKET = re.compile(r"\[[^\]]{0,20}#\s?\d|\[[a-z]{2,10}-\d+\]|#\d{3}")
#: A subject that tells of a delay and says one of these tells of a failure.
_FAILED = ("returned mail", "undeliver", "fail")
_STAGE = re.compile(r"in reply to (?:the )?(?:end of )?([a-z]{4}(?: from| to)?) command", re.IGNORECASE)
_TRANSCRIPT = re.compile(r">>> (RCPT|MAIL|DATA|EHLO|HELO)")
_CODE = re.compile(r"[245](?<![^\s(:;'\"#<-][245])(?:[0-5]\d|\.\d{1,3}\.\d{1,3})(?=[\s\-:,#)<]|$)")


def read_failed_header(told: Told) -> list[Report]:
    """The recipients in ``X-Failed-Recipients``, which Exim and Google write."""
    if not told.message.has("x-failed-recipients"):
        return []
    named = addresses(told.message, "x-failed-recipients")
    action = Action.DELAYED if is_delay(told) else Action.FAILED
    return [_report(told, address, action, len(named)) for address in named[:_MAX_RECIPIENTS]]


def read_plain(told: Told) -> list[Report]:
    """The recipients of a notice that tells them in words; empty where the mail is none or names nobody."""
    if not is_notice(told):
        return []
    action = Action.DELAYED if is_delay(told) else Action.FAILED
    named = find_recipients(told)
    for other in told.others() if not named else ():
        named = find_recipients(other)
        if named:
            told = other
            break
    if named:
        return [_report(told, address, action, len(named)) for address in named[:_MAX_RECIPIENTS]]
    if not told.is_from_a_server:
        return []
    words = shorten(" ".join(told.lines[:_MAX_CONTEXT]))
    return [Report(address=None, action=action, status=find_status(words), smtp=find_reply(words), diagnostic=words)]


def is_notice(told: Told) -> bool:
    """Whether a mail server wrote this to say that a mail did not arrive, or not yet.

    Several signs must come together, because each stands in other mail too: vacation programs write to nobody, people
    quote bounces, and newsletters talk about them.
    """
    message, phrases = told.message, told.phrases
    by_subject = says(told.subject, phrases.subject) or says(told.subject, phrases.delay_subjects)
    says_so = by_subject or says(told.subject, phrases.failure) or told.tells_failure or told.tells_delay
    if not says_so or not _tells_of_a_mail(told, by_subject=by_subject):
        return False
    machine = [
        told.is_from_a_server,
        told.has_no_sender,
        message.kind == "multipart/report" or message.has("x-ms-exchange-message-is-ndr"),
        not told.sender,
        any(address.startswith(phrases.silent) for address in told.sender),
        says(told.written_by, phrases.likely),
    ]
    if not any(machine):
        return False
    signs = sum(machine) + told.is_from_a_server + 2 * by_subject
    signs += (told.is_from_a_server or told.has_no_sender) and says(told.subject, phrases.failure)
    signs += told.returned is not None
    signs += told.tells_surely or says(told.early, phrases.reasons)
    signs += _CODE.search(told.early) is not None
    by_itself = told.has_no_sender or (told.is_from_a_server and (by_subject or says(told.subject, phrases.failure)))
    if not by_itself and (message.has("list-unsubscribe") or message.has("list-id")):
        signs -= 2
    signs -= message.has("return-path") and not told.has_no_sender and not told.is_from_a_server
    signs -= 2 * (_TICKET.search(told.subject[:60]) is not None and not told.is_from_a_server)
    if told.subject.startswith(("re:", "aw:", "sv:", "rv:", "fwd:", "fw:", "wg:", "tr:")):
        signs -= 1 if told.is_from_a_server else 2
    if says(told.subject[:60], phrases.auto_subjects) or any(message.has(name) for name in phrases.auto_headers):
        signs -= 1 if told.is_from_a_server else 3
    return signs >= _ENOUGH


def _tells_of_a_mail(told: Told, *, by_subject: bool) -> bool:
    """Whether it is about one mail that failed: lists of refusals, logs and texts on bounces tell reasons alone."""
    phrases = told.phrases
    if says(told.subject, phrases.no_notice) or says(told.early, phrases.no_notice):
        return False
    if by_subject or told.has_no_sender or told.returned is not None or told.message.kind == "multipart/report":
        return True
    return says(told.subject, phrases.failure) or told.tells_surely or told.tells_delay


def is_delay(told: Told) -> bool:
    """Whether somebody is still trying."""
    phrases = told.phrases
    if says(told.early, phrases.delay_unless):
        return False
    if told.tells_delay:
        return True
    return says(told.subject, phrases.delay_subjects) and not any(word in told.subject for word in _FAILED)


def _report(told: Told, address: str, action: Action, of: int) -> Report:
    words = shorten(" ".join(_about(told, address, alone=of == 1)))
    return Report(address=address, action=action, status=find_status(words), smtp=find_reply(words), diagnostic=words)


def about(told: Told, address: str | None, *, alone: bool) -> str:
    """The words of a notice on one recipient, on one line."""
    return shorten(" ".join(_about(told, address or "", alone=alone)))


def _about(told: Told, address: str, *, alone: bool) -> list[str]:
    """Beside and below the address up to the next one; where that says little, all that the notice says."""
    near: list[str] = []
    taking, blank = False, False
    looked, has_code = 0, False
    for line, low in zip(told.lines, told.low_lines, strict=False):
        if len(near) == _MAX_CONTEXT:
            break
        if address in low:
            near.append(line)
            taking, blank = True, False
        elif not taking:
            continue
        elif "@" in line and (found := ADDRESS.search(line)) and heads(line, found) and found[0].lower() != address:
            taking = False
        elif not line.strip():
            blank = True
            has_code = has_code or any(_has_code(told, each) for each in near[looked:])
            taking, looked = not has_code, len(near)
        elif not (blank and len(near) > 12):
            near.append(line)
    if (not alone and len(near) > 1) or has_code or any(_has_code(told, each) for each in near[looked:]):
        return near
    coded = [line for line in told.lines if _has_code(told, line) or "<<<" in line] if alone else []
    whole = (
        [line for line in _telling(told, all_of_them=not (near or coded)) if line not in near + coded] if alone else []
    )
    return [*near, *(line for line in coded[:_MAX_CONTEXT] if line not in near), *whole] or [
        header(told.message, "subject")
    ]


def _has_code(told: Told, line: str) -> bool:
    """Whether a reply code or a status stands in a line; each line is searched once, whomever it is asked for."""
    known = told.coded.get(line)
    if known is None:
        known = told.coded[line] = _CODE.search(line) is not None
    return known


def _telling(told: Told, *, all_of_them: bool) -> list[str]:
    """The first lines that say something, or say that a mail failed."""
    lines = [line for line in told.lines[:_MAX_CONTEXT] if line.strip()]
    if all_of_them:
        return lines
    said = told.phrases.failure.in_which("\n".join(lines).lower())
    return [line for line, low in zip(lines, map(str.lower, lines), strict=True) if any(word in low for word in said)]


def stage_told(told: Told, address: str, *, alone: bool) -> str:
    """At which command the other server refused, in Postfix's words; empty where the notice does not tell."""
    if not told.tells_a_stage:
        return ""
    words = (
        told.lowered
        if alone
        else " ".join(" ".join(_about(told, address, alone=False))[:_MAX_SAID_CHARS].lower().split())
    )
    if "refused to talk to me" in words:
        return "(refused to talk to me)"
    said = _STAGE.search(words)
    if said:
        return f"(in reply to {said[1].upper()} command)"
    asked = _TRANSCRIPT.findall("\n".join(told.lines)) if alone else []
    return f"(in reply to {asked[-1]} command)" if asked and len(set(asked)) == 1 else ""
