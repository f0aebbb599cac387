"""Answers: of programs (RFC 3834), of filters that want us to prove that we are people, and of people.

Asked only after bounces and complaints: a third of all bounces call themselves auto-replied too. The header
``X-Auto-Response-Suppress`` is a request not to be answered and says nothing on who wrote the mail.
"""

from __future__ import annotations

import re

from mailwake.notices.mail import Part
from mailwake.notices.phrases import says
from mailwake.notices.told import Told

_PREFIX = re.compile(r"^(?:(?:re|aw|sv|rv|antw|odp)(?:\[\d+\])?: ?){1,4}")
_EARLY = 1_500


def automatic_answer(told: Told) -> str | None:
    """What sort of program wrote this: ``auto_reply``, ``challenge`` or ``address_change``; None for people.

    Source: RFC 3834 section 5 (Auto-Submitted); section 2 names the older headers.
    """
    message, phrases = told.message, told.phrases
    if _is_challenge(told):
        return "challenge"
    if not _is_automatic(message, told) and not _sounds_automatic(told):
        return None
    return "address_change" if says(told.lowered[:_EARLY], phrases.address_change) else "auto_reply"


def _sounds_automatic(told: Told) -> bool:
    """Whether a mail that does not call itself automatic is one by its words.

    People write of their holidays too: theirs is an answer to ours, "Re:" before the subject, and quotes it.
    """
    message, phrases = told.message, told.phrases
    subject = _PREFIX.sub("", told.subject)
    is_answer = subject != told.subject
    if subject.startswith(phrases.auto_subjects) and not (is_answer and is_reply(message) and not told.has_no_sender):
        return True
    if message.has("list-id") or message.has("list-unsubscribe"):
        return False
    if not is_answer and says(subject, phrases.auto_holds):
        return True
    answers = told.has_no_sender or (is_reply(message) and not is_answer)
    quotes = ">" in "".join(line[:1] for line in told.lines)
    return answers and not quotes and says(told.lowered[:_EARLY], phrases.auto_words)


def _is_automatic(message: Part, told: Told) -> bool:
    submitted = message.first("auto-submitted").lower()
    if submitted and not submitted.startswith("no") and not message.has("list-unsubscribe"):
        return True
    if any(message.has(name) for name in told.phrases.auto_headers):
        return True
    return message.first("precedence").lower() in told.phrases.auto_precedence


def _is_challenge(told: Told) -> bool:
    if any(told.message.has(name) for name in told.phrases.challenge_headers):
        return True
    asks = says(told.lowered[: 2 * _EARLY], told.phrases.challenge_words) or says(
        told.subject, told.phrases.challenge_words
    )
    if not asks or told.message.has("list-unsubscribe"):
        return False
    where = (
        f"{' '.join(told.sender)} {told.subject} {told.message.first('reply-to').lower()} {told.lowered[: 2 * _EARLY]}"
    )
    answers = is_reply(told.message) or told.has_no_sender or told.message.has("auto-submitted")
    return says(where, told.phrases.challenge_hosts) or (answers and "http" in told.lowered)


def receipt_of(message: Part) -> str | None:
    """What a mail program tells of a mail that arrived, such as *displayed* (RFC 8098); None: this is no receipt."""
    if message.kind != "multipart/report" or "disposition-notification" not in message.first("content-type").lower():
        return None
    told = (part.body for part in message.inside if part.kind == "message/disposition-notification")
    return next(told, "").lower()[:4_000].partition("disposition:")[2]


def is_reply(message: Part) -> bool:
    """Whether this answers another mail (RFC 5322 section 3.6.4)."""
    return message.has("in-reply-to") or message.has("references")
