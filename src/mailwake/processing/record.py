"""The record: which activities are in force by the settings, what each keeps, and to whom it gives.

Source of its form: Article 30 (1) GDPR. Nothing here says that something is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mailwake.modes import Mode
from mailwake.settings import Settings

_HERE = Path(__file__).parent


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that stays, and how long."""

    what: str
    #: 0: it is not kept; None: `long` says it
    days: int | None
    #: in words; empty: `days` says it
    long: str


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is done with what is known of people."""

    code: str
    title: str
    purpose: str
    #: whose data
    people: str
    data: tuple[str, ...]
    #: who gets it, beside colleagues with accounts; empty: nobody
    given_to: tuple[str, ...]
    kept: tuple[Kept, ...]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the program can tell. The rest of such a record is for people to write."""

    #: name of the sender, as recipients see it
    sender: str
    #: preset with the day it was read; empty: none was chosen
    profile: str
    #: the most that opens and clicks may record, and what they record of people who were never asked
    opens: str
    clicks: str
    unknown_opens: str
    unknown_clicks: str
    activities: tuple[Activity, ...]
    #: signs that call for an impact assessment
    signs: tuple[str, ...]
    #: what only people can say
    open_questions: tuple[str, ...]


OPEN_QUESTIONS = (
    "Who is responsible, with contact details, and who is the data protection officer?",
    "On which legal basis does each activity stand? The ledger of consent proves what people agreed to, no more.",
    "Where do the servers stand, who runs them for you by which contract, and does anything leave the EEA?",
    "Which measures protect the data beside those of this program: disks, backups, who has accounts on the machine?",
    "Are children, patients or employees among the recipients, and how many people are there?",
)


def record_of(settings: Settings) -> Record:
    """The record of an installation."""
    profile, most, unknown = settings.profile, settings.ceiling, settings.unknown_consent
    return Record(
        sender=settings.brand.name,
        profile="" if profile is None else f"{profile.title}, {profile.disclaimer}",
        opens=most.opens.word,
        clicks=most.clicks.word,
        unknown_opens=min(most.opens, unknown.opens).word,
        unknown_clicks=min(most.clicks, unknown.clicks).word,
        activities=tuple(
            _activity(code, told, settings) for code, told in _data("activities").items() if IN_FORCE[code](settings)
        ),
        signs=tuple(told["says"] for code, told in _data("signs").items() if SIGNS[code](settings)),
        open_questions=OPEN_QUESTIONS,
    )


def to_json(record: Record) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(record) + b"\n"


def _activity(code: str, told: Mapping[str, Any], settings: Settings) -> Activity:
    kept = tuple(_kept(each, settings) for each in told["kept"])
    own = {name: told[name] for name in ("title", "purpose", "people")}
    given_to = GIVEN_TO.get(code, _nobody)(settings)
    return Activity(code=code, data=tuple(told["data"]), kept=kept, given_to=given_to, **own)


def _kept(told: Mapping[str, str], settings: Settings) -> Kept:
    option = told.get("option")
    days = attrgetter(option)(settings) if option else None
    return Kept(what=told["what"], days=days, long=told.get("long", ""))


@cache
def _data(name: str) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((_HERE / f"{name}.toml").read_text(encoding="utf-8"))


def _always(_: Settings) -> bool:
    return True


def _counts(settings: Settings) -> bool:
    return max(settings.ceiling.opens, settings.ceiling.clicks) >= Mode.AGGREGATE


def _has_days(settings: Settings) -> bool:
    return settings.ceiling.opens >= Mode.DELIVERABILITY and (settings.profile is None or settings.profile.rule.hygiene)


def _watches(settings: Settings) -> bool:
    return max(settings.ceiling.opens, settings.ceiling.clicks) is Mode.INDIVIDUAL


def _keeps_raw(settings: Settings) -> bool:
    return _watches(settings) and settings.tracking.keep_raw_days > 0


def _has_org(settings: Settings) -> bool:
    return bool(settings.salesforce.login)


def _has_rules(settings: Settings) -> bool:
    return settings.workflows.enabled and any(settings.path(settings.workflows.folder).glob("*.toml"))


def _tells(settings: Settings) -> bool:
    return bool(settings.notify)


def _has_provider(settings: Settings) -> bool:
    return bool(settings.webhooks)


def _reports(settings: Settings) -> bool:
    return bool(settings.reports)


def _combines(settings: Settings) -> bool:
    return _watches(settings) and (_has_org(settings) or _has_provider(settings))


def _is_about_health(settings: Settings) -> bool:
    return settings.tracking.profile == "PHI"


#: whether each activity is in force
IN_FORCE: Mapping[str, Callable[[Settings], bool]] = {
    "delivering": _always,
    "counting": _counts,
    "hygiene": _has_days,
    "watching": _watches,
    "raw": _keeps_raw,
    "consent": _always,
    "scoring": _watches,
    "crm": _has_org,
    "rules": _has_rules,
    "telling": _tells,
    "provider": _has_provider,
    "reporting": _reports,
    "colleagues": _always,
}

#: whether each sign is there
SIGNS: Mapping[str, Callable[[Settings], bool]] = {
    "evaluating": _watches,
    "deciding": _has_rules,
    "monitoring": _watches,
    "matching": _combines,
    "health": _is_about_health,
}


def _nobody(_: Settings) -> tuple[str, ...]:
    return ()


def _mail_server(settings: Settings) -> tuple[str, ...]:
    return (f"the mail server {settings.smtp.host}, and those of the recipients",)


def _org(settings: Settings) -> tuple[str, ...]:
    return (f"the Salesforce org {urlsplit(settings.salesforce.login).hostname}",)


def _programs(settings: Settings) -> tuple[str, ...]:
    hosts = sorted({urlsplit(each.url).hostname or name for name, each in settings.notify.items()})
    return tuple(f"the program behind {host}" for host in hosts)


def _readers(settings: Settings) -> tuple[str, ...]:
    readers = {address.casefold() for each in settings.reports.values() for address in each.recipients}
    return (f"{len(readers):,} addresses that are told in the settings",)


def _identities(settings: Settings) -> tuple[str, ...]:
    return (f"{urlsplit(settings.oidc.issuer).hostname}, who lets colleagues in",) if settings.oidc.issuer else ()


#: who gets what an activity knows; activities that give to nobody are left out
GIVEN_TO: Mapping[str, Callable[[Settings], tuple[str, ...]]] = {
    "delivering": _mail_server,
    "crm": _org,
    "telling": _programs,
    "reporting": _readers,
    "colleagues": _identities,
}
