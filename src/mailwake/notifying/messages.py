"""What is told of a piece of news: which messages, under which ids, with which words.

A person's open or click is told once, under an id made of the event. When its verdict changes so that it counts for
somebody else, ``verdict.changed`` says so with a sequence number: the highest one of an event holds. Telling the same
news again gives the same ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from mailwake.events import SECOND, Handle, Micros
from mailwake.modes import Mode, Modes
from mailwake.notifying.endpoints import Endpoint

_AXES = {"opened": "opens", "clicked": "clicks"}
_PERSON = "human"
CHANGED = "verdict_changed"
LINK_DEAD = "link_dead"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One webhook."""

    id: str
    #: such as email.clicked
    type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class DeadLink:
    """The target of a link in mail that was delivered stopped answering."""

    #: of the alarm; ascends
    id: int
    url: str
    #: a status, or a word for why there is none
    said: str
    opened_at: Micros
    #: links whose readers are sent there by a decision
    sent_from: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the numbers of some news mean."""

    #: handle to address
    addresses: Mapping[Handle, str]
    #: id to name
    campaigns: Mapping[int, str]
    #: template and number to role, label and target
    links: Mapping[tuple[int, int], Mapping[str, Any]]
    #: who withdrew
    silent: frozenset[Handle]


def messages(row: Mapping[str, Any], endpoint: Endpoint, names: Names) -> Iterator[Message]:
    """What an endpoint is told of one row of the question ``news``; often nothing."""
    if row["type"] not in _AXES:
        if row["kind"] == "stored" and row["type"] in endpoint.events:
            yield _message(row, row["type"], names, f"{row['event']}")
        return
    if row["reaction"] is None or not _may_be_told(row, names):
        return
    is_final = endpoint.when == "settled"
    if is_final and not row["settled"]:
        return
    if row["kind"] != "changed":  # a settling tells nothing new to whoever was told at once
        if row["grade"] == _PERSON and (is_final or row["kind"] == "stored"):
            yield from _reaction(row, endpoint, names)
        return
    yield from _change(row, endpoint, names, is_final=is_final)


def _change(row: Mapping[str, Any], endpoint: Endpoint, names: Names, *, is_final: bool) -> Iterator[Message]:
    """A verdict that now counts for somebody else. The first that makes a person of it is no correction of anything."""
    if row["grade"] == row["old_grade"]:
        return
    is_person, was_person = row["grade"] == _PERSON, row["old_grade"] == _PERSON
    if is_person:
        yield from _reaction(row, endpoint, names)
    may_have_been_told = was_person or (is_person and (row["seq"] > 1 or is_final))
    if may_have_been_told and CHANGED in endpoint.events and row["reaction"] in endpoint.events:
        yield _message(row, CHANGED, names, f"{row['event']} {row['seq']}")


def _reaction(row: Mapping[str, Any], endpoint: Endpoint, names: Names) -> Iterator[Message]:
    if row["reaction"] in endpoint.events:
        yield _message(row, row["reaction"], names, f"{row['event']}")


def _may_be_told(row: Mapping[str, Any], names: Names) -> bool:
    """Only in mode `individual`, and not of anybody who withdrew."""
    axis = _AXES[row["type"]]
    return getattr(Modes.from_byte(row["modes"]), axis) is Mode.INDIVIDUAL and row["recipient"] not in names.silent


def _message(row: Mapping[str, Any], what: str, names: Names, about: str) -> Message:
    kind = "verdict.changed" if what == CHANGED else f"email.{what}"
    digest = hashlib.blake2b(f"{kind} {about}".encode(), digest_size=16).hexdigest()
    data = {
        "event": str(row["event"]),
        "event_type": row["type"],
        "sequence": row["seq"],
        "campaign": None if row["campaign"] is None else str(row["campaign"]),
        "campaign_name": names.campaigns.get(row["campaign"]),
        "delivery": None if row["delivery"] is None else str(row["delivery"]),
        "address": names.addresses.get(row["recipient"]),
        "reason": row["reason"],
    }
    if row["type"] in _AXES:
        data |= {"verdict": _verdict(row), "link": names.links.get((row["template"], row["link"]))}
    if what == CHANGED:
        data["was"] = row["old_grade"]
    at = datetime.fromtimestamp(row["happened_at"] / SECOND, UTC)
    return Message(
        id=f"msg_{digest}", type=kind, body=msgspec.json.encode({"type": kind, "timestamp": at, "data": data})
    )


def of_dead_link(dead: DeadLink) -> Message:
    """What is told of a target that stopped answering."""
    digest = hashlib.blake2b(f"link.dead {dead.id}".encode(), digest_size=16).hexdigest()
    data = {"alarm": str(dead.id), "url": dead.url, "said": dead.said, "sent_from": dead.sent_from}
    at = datetime.fromtimestamp(dead.opened_at / SECOND, UTC)
    body = msgspec.json.encode({"type": "link.dead", "timestamp": at, "data": data})
    return Message(id=f"msg_{digest}", type="link.dead", body=body)


def _verdict(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "grade": row["grade"],
        "p_human": row["p_human"],
        "class": row["klass"],
        "ruleset": row["ruleset"],
        "settled": bool(row["settled"]),
    }
