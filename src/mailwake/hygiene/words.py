"""What can be found at an address, how much it matters, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

#: mail will not arrive, must not go there or would go twice; probably a mistake; nothing to be done
LEAVE_OUT, LOOK_AT, KNOW = "leave_out", "look_at", "know"
SEVERITIES = (LEAVE_OUT, LOOK_AT, KNOW)
SEVERITY_LABELS = {LEAVE_OUT: "Leave out", LOOK_AT: "Look at", KNOW: "Good to know"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of finding."""

    severity: str
    #: both in English: they stand in the terminal and in answers for programs
    label: str
    mend: str


#: By code, in the order in which they are told.
KINDS = {
    "syntax": Kind(severity=LEAVE_OUT, label="Not an address", mend="correct it; `mailwake send` skips the line"),
    "duplicate": Kind(
        severity=LEAVE_OUT,
        label="Stands in the list twice",
        mend="keep one of the lines; `mailwake send` mails the first",
    ),
    "no_domain": Kind(severity=LEAVE_OUT, label="The domain does not exist", mend="ask for the address again"),
    "refused": Kind(
        severity=LEAVE_OUT,
        label="The domain says that it takes no mail",
        mend="ask for another address",
    ),
    "no_server": Kind(
        severity=LEAVE_OUT,
        label="No server takes mail for the domain",
        mend="ask for the address again",
    ),
    "suppressed": Kind(
        severity=LEAVE_OUT,
        label="Suppressed here",
        mend="leave it out; `mailwake suppressions list ADDRESS` says why",
    ),
    "typo": Kind(
        severity=LOOK_AT,
        label="The domain looks mistyped",
        mend="ask the person, or correct it where you are sure; nothing is changed by itself",
    ),
    "disposable": Kind(
        severity=LOOK_AT,
        label="A mailbox that lasts minutes",
        mend="nobody will read it; leave it out unless you know better",
    ),
    "bouncing": Kind(
        severity=LOOK_AT,
        label="Refused mail lately",
        mend="it is suppressed by itself if that goes on; see docs/explain/bounces.md",
    ),
    "role": Kind(
        severity=KNOW,
        label="A task, not a person",
        mend="whoever reads it may not have asked for mail; expect complaints",
    ),
    "same_mailbox": Kind(
        severity=KNOW,
        label="Leads to the same mailbox as another line",
        mend="one person gets the mail twice unless one line goes",
    ),
    "catch_all": Kind(
        severity=KNOW,
        label="The domain seems to take mail for every name",
        mend="that it does not bounce proves nothing there; go by what people do",
    ),
    "address_only": Kind(
        severity=KNOW,
        label="The domain has no mail server of its own",
        mend="mail goes to its web server, which seldom takes any",
    ),
    "unanswered": Kind(
        severity=KNOW,
        label="Nobody could say whether the domain takes mail",
        mend="look it up again, without --offline and where the DNS answers",
    ),
}
