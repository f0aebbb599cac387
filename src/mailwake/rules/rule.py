"""A rule, as data: what sets it off, for whom, what it does, and what keeps it back.

One TOML file per rule in the folder of ``[workflows] folder``, named as the rule is; or several as tables
``[rule.NAME]`` of one file. A key that does not exist is refused with the nearest one that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trigger(StrEnum):
    """What sets a rule off."""

    #: a person clicked a link
    CLICK = "click"
    #: a person clicked on so many different days
    RETURN = "return"
    #: no sign of life for so long, though mail was sent
    SILENCE = "silence"
    #: mail came back
    BOUNCE = "bounce"
    #: somebody wrote back
    REPLY = "reply"
    #: somebody reported a mail as spam
    COMPLAINT = "complaint"
    #: the score rose over a mark
    HOT = "hot"
    #: several people of one account clicked one link
    ACCOUNT = "account"


#: triggers that rest on clicks, which people and machines make
CLICKED = frozenset({Trigger.CLICK, Trigger.RETURN, Trigger.HOT, Trigger.ACCOUNT})
#: triggers that may be narrowed by link or campaign
NARROWED = CLICKED | {Trigger.BOUNCE, Trigger.REPLY, Trigger.COMPLAINT}


@dataclass(frozen=True, kw_only=True)
class Task:
    """``[task]``: somebody is to do something."""

    #: may have {name} {link} {mail} {chance} {score} {count} {when} {rule}
    subject: str = "{name}: {rule}"
    #: days until it is due, from the day it is made
    due_days: int = 1
    #: High, Normal or Low
    priority: str = "Normal"
    #: added to what is told of the evidence
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """``[field]``: a field of the person's record is set; only those of ``[workflows] fields`` may be."""

    #: Contact.Rating__c; of the person's own kind of record alone
    name: str
    #: text, number, true or false
    value: str | int | float | bool


@dataclass(frozen=True, kw_only=True)
class CampaignMember:
    """``[campaign_member]``: the person is in a campaign of the org, with a status; a status only goes forward."""

    #: id of the campaign in the org
    campaign: str
    status: str = "Clicked"


@dataclass(frozen=True, kw_only=True)
class PlatformEvent:
    """``[platform_event]``: Email_Hot_Signal__e, for flows of the org."""

    #: what Signal__c says; empty: the rule's name
    signal: str = ""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """``[webhook]``: another program is told, signed as other webhooks are."""

    #: NAME of a [notify.NAME]
    endpoint: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """``[letter]``: a follow-up mail, once per person; only where the rule says ``mail = true``."""

    #: .html or .eml with merge fields, relative to the folder of rules
    file: str
    #: wins over the letter's own
    subject: str = ""
    sender: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule."""

    name: str
    #: hash of what it says
    version: str
    #: its file
    path: str
    trigger: Trigger
    #: a sentence for whoever reads the list
    about: str = ""
    #: False: it is read and checked, and never acts
    enabled: bool = True
    #: only links of these roles
    roles: tuple[str, ...] = ()
    #: only links with one of these in label or target
    labels: tuple[str, ...] = ()
    #: only mail of campaigns with one of these in the name
    campaigns: tuple[str, ...] = ()
    #: return: different days; account: different people
    times: int = 2
    #: return and account: within so many days
    within_days: int = 30
    #: silence: days without a sign
    days: int = 90
    #: silence: copies sent meanwhile, at least
    sends: int = 3
    #: hot: the mark
    score: int = 60
    #: hot: it must have been so far below the mark before it counts again
    hysteresis: int = 5
    #: whom it is for, in the language of segments; empty: everybody
    who: str = ""
    #: a click counts from this P(human) on, 0.5-1
    p_human: float = 0.8
    #: once, every, or such as "after 7d"
    again: str = "after 7d"
    #: what was learned of later than this is never acted on
    late_hours: int = 24
    #: what is learned is left to settle at least so long
    settle_minutes: int = 5
    #: wait for the end of quiet hours
    quiet: bool = True
    #: entered more often within an hour, it switches itself off
    most_per_hour: int = 100
    #: a [letter] is mailed without anybody looking at it
    mail: bool = False
    task: Task | None = None
    field: Field | None = None
    campaign_member: CampaignMember | None = None
    platform_event: PlatformEvent | None = None
    webhook: Webhook | None = None
    letter: Letter | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """Kinds of what it does, in the order in which it is done."""
        return tuple(kind for kind in ACTIONS if getattr(self, kind) is not None)

    @property
    def needs_record(self) -> bool:
        """Whether it acts on a record of the org."""
        return bool(IN_THE_ORG & set(self.actions))

    @property
    def again_days(self) -> float:
        """Days until it may act for the same person again; infinite: never."""
        if self.again == "once":
            return float("inf")
        return 0.0 if self.again == "every" else float(self.again.removeprefix("after ").removesuffix("d"))


ACTIONS = ("task", "field", "campaign_member", "platform_event", "webhook", "letter")
IN_THE_ORG = frozenset({"task", "field", "campaign_member", "platform_event"})
#: parts of a rule that are tables of their own
PARTS = {
    "task": Task, "field": Field, "campaign_member": CampaignMember, "platform_event": PlatformEvent,
    "webhook": Webhook, "letter": Letter,
}  # fmt: skip
