"""What can be found at an address, how much it matters, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from mailwake.language import noted

#: mail will not arrive, must not go there or would go twice; probably a mistake; nothing to be done
LEAVE_OUT, LOOK_AT, KNOW = "leave_out", "look_at", "know"
SEVERITIES = (LEAVE_OUT, LOOK_AT, KNOW)
SEVERITY_LABELS = {LEAVE_OUT: noted("Leave out"), LOOK_AT: noted("Look at"), KNOW: noted("Good to know")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of finding."""

    severity: str
    #: both in English; to be said
    label: str
    mend: str


#: By code, in the order in which they are told.
KINDS = {
    "syntax": Kind(
        severity=LEAVE_OUT, label=noted("Not an address"), mend=noted("correct it; `mailwake send` skips the line")
    ),
    "duplicate": Kind(
        severity=LEAVE_OUT,
        label=noted("Stands in the list twice"),
        mend=noted("keep one of the lines; `mailwake send` mails the first"),
    ),
    "no_domain": Kind(
        severity=LEAVE_OUT, label=noted("The domain does not exist"), mend=noted("ask for the address again")
    ),
    "refused": Kind(
        severity=LEAVE_OUT,
        label=noted("The domain says that it takes no mail"),
        mend=noted("ask for another address"),
    ),
    "no_server": Kind(
        severity=LEAVE_OUT,
        label=noted("No server takes mail for the domain"),
        mend=noted("ask for the address again"),
    ),
    "suppressed": Kind(
        severity=LEAVE_OUT,
        label=noted("Suppressed here"),
        mend=noted("leave it out; `mailwake suppressions list ADDRESS` says why"),
    ),
    "typo": Kind(
        severity=LOOK_AT,
        label=noted("The domain looks mistyped"),
        mend=noted("ask the person, or correct it where you are sure; nothing is changed by itself"),
    ),
    "disposable": Kind(
        severity=LOOK_AT,
        label=noted("A mailbox that lasts minutes"),
        mend=noted("nobody will read it; leave it out unless you know better"),
    ),
    "bouncing": Kind(
        severity=LOOK_AT,
        label=noted("Refused mail lately"),
        mend=noted("it is suppressed by itself if that goes on; see docs/explain/bounces.md"),
    ),
    "role": Kind(
        severity=KNOW,
        label=noted("A task, not a person"),
        mend=noted("whoever reads it may not have asked for mail; expect complaints"),
    ),
    "same_mailbox": Kind(
        severity=KNOW,
        label=noted("Leads to the same mailbox as another line"),
        mend=noted("one person gets the mail twice unless one line goes"),
    ),
    "catch_all": Kind(
        severity=KNOW,
        label=noted("The domain seems to take mail for every name"),
        mend=noted("that it does not bounce proves nothing there; go by what people do"),
    ),
    "address_only": Kind(
        severity=KNOW,
        label=noted("The domain has no mail server of its own"),
        mend=noted("mail goes to its web server, which seldom takes any"),
    ),
    "unanswered": Kind(
        severity=KNOW,
        label=noted("Nobody could say whether the domain takes mail"),
        mend=noted("look it up again, without --offline and where the DNS answers"),
    ),
}
