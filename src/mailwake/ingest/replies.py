"""Answers: those of programs (RFC 3834), and those of people.

Asked only after bounces and complaints: a third of all bounces call themselves auto-replied too. The header
``X-Auto-Response-Suppress`` is a request not to be answered and says nothing on who wrote the mail.
"""

from __future__ import annotations

import re
from email.message import Message

from mailwake.ingest.mail import header

#: Headers that only programs write, before and beside RFC 3834.
_PROGRAM_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-ms-exchange-inbox-rules-loop",
    "x-auto-reply-from",
)
#: Subjects of vacation programs; the first words only, because people quote the rest.
_PROGRAM_SUBJECT = re.compile(
    r"(?:auto(?:matic|matische|mated)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|abwesenheit|abwesend"
    r"|r[ée]ponse automatique|absence du bureau|respuesta autom[áa]tica|risposta automatica|fuori ufficio"
    r"|resposta autom[áa]tica)",
    re.IGNORECASE,
)


def is_auto_reply(message: Message) -> bool:
    """Whether a program wrote this answer.

    Source: RFC 3834 section 5 (Auto-Submitted); section 2 names the older headers.
    """
    submitted = header(message, "auto-submitted").lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(message.get(name) is not None for name in _PROGRAM_HEADERS):
        return True
    if header(message, "precedence").lower() in ("auto_reply", "auto-reply"):
        return True
    return _PROGRAM_SUBJECT.match(header(message, "subject")) is not None


def is_reply(message: Message) -> bool:
    """Whether this answers another mail (RFC 5322 section 3.6.4)."""
    return message.get("in-reply-to") is not None or message.get("references") is not None
