"""Which mail a suppression keeps back: all of it, that of some streams, or one campaign's."""

from __future__ import annotations

from mailwake.errors import BadInput
from mailwake.profiles import STREAMS

#: Streams that somebody who unsubscribes or complains wants no more of, whichever the mail came from. A password reset
#: (transactional) is not among them. Source: 15 U.S.C. 7704(a)(4), which speaks of commercial mail.
UNWANTED = ("marketing", "outbound")
#: Reasons that are the recipient's own wish; only who names them lifts them.
WISHES = ("unsubscribed", "unsubscribe_held", "complained")
#: How "of every stream" is written.
ALL = "all"


def unwanted(stream: str) -> tuple[str, ...]:
    """The streams that nothing more may come from after an unsubscription or a complaint about mail of this one."""
    return tuple(dict.fromkeys((*UNWANTED, stream)))


def streams_of(word: str, reason: str) -> tuple[str | None, ...]:
    """The streams that a word of a list or a form means; None among them: every stream.

    Args:
        word: one of `STREAMS`, "all", or empty, which leaves it to the reason.
        reason: who asked to stop wants no more of `UNWANTED`, a dead address gets nothing.

    Raises:
        BadInput: there is no such stream.
    """
    said = word.strip().lower()
    if said in STREAMS:
        return (said,)
    if said and said != ALL:
        raise BadInput(f"there is no stream {word[:40]!r}; it is one of {', '.join(STREAMS)}, or {ALL}")
    return UNWANTED if not said and reason in WISHES else (None,)
