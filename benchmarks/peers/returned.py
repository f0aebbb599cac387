"""How right a reader of returned mail is, measured on labelled mail: one count for us and for every peer."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

from mailwake.bounces.decide import Bounces
from mailwake.cli.ingest import as_dict
from mailwake.errors import Unreadable
from mailwake.events import Micros
from mailwake.ingest.desk import open_notice

NOW, NEVER, COUNTS = "suppress_now", "never", "suppress_after_n"


@dataclass(frozen=True)
class Answer:
    """What a reader made of one mail."""

    #: bounce, delayed, complaint, auto_reply, reply, success_dsn or not_bounce
    kind: str
    #: address in lower case, and what follows for it; None: the reader does not say
    actions: dict[str, str | None]


Reader = Callable[[bytes], Answer]


@dataclass
class Tally:
    """Counts over all mails; the pairs are hits and of how many."""

    found: list[int] = field(default_factory=lambda: [0, 0])
    #: mails in which an address came out that did not fail
    extra: list[int] = field(default_factory=lambda: [0, 0])
    dead_caught: list[int] = field(default_factory=lambda: [0, 0])
    #: rejections that blame the sender, and soft ones, that suppress at once: wrong
    sender_suppressed: list[int] = field(default_factory=lambda: [0, 0])
    soft_suppressed: list[int] = field(default_factory=lambda: [0, 0])
    delayed_as_bounce: list[int] = field(default_factory=lambda: [0, 0])
    #: automatic answers and ordinary mail taken for bounces: wrong
    others_as_bounce: list[int] = field(default_factory=lambda: [0, 0])
    #: what went wrong, for those who want to look
    faults: list[str] = field(default_factory=list)

    def count(self, name: str, hit: bool) -> None:
        """One case more."""
        pair: list[int] = getattr(self, name)
        pair[0] += hit
        pair[1] += 1


def load(folder: Path) -> list[tuple[dict[str, Any], bytes]]:
    """The labels of a corpus folder and the mail that each is about."""
    with tarfile.open(folder / "messages.tar.gz") as packed:
        raw = {each.name: file.read() for each in packed if (file := packed.extractfile(each)) is not None}
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [(label, raw[label["file"]]) for label in map(json.loads, lines)]


def score(corpus: Iterable[tuple[dict[str, Any], bytes]], reader: Reader) -> Tally:
    """Ask a reader about every mail."""
    tally = Tally()
    for label, raw in corpus:
        _count(tally, label, reader(raw))
    return tally


def _count(tally: Tally, label: dict[str, Any], answer: Answer) -> None:
    kind, file = label["kind"], label["file"]
    named = [{each.lower() for each in (one["addr"], *one["accept"])} for one in label["recipients"] if one.get("addr")]
    if kind in ("bounce", "delayed") and named:
        hit = all(not accepted.isdisjoint(answer.actions) for accepted in named)
        wrong = {each for each in answer.actions if each and not any(each in accepted for accepted in named)}
        tally.count("found", hit)
        tally.count("extra", bool(wrong))
        if not hit or wrong:
            tally.faults.append(f"{file}: is about {sorted(map(sorted, named))}, read {sorted(answer.actions)}")
    if kind == "delayed":
        tally.count("delayed_as_bounce", answer.kind == "bounce")
    if kind in ("auto_reply", "not_bounce"):
        tally.count("others_as_bounce", answer.kind == "bounce")
    if kind != answer.kind and {kind, answer.kind} != {"not_bounce", "reply"}:
        tally.faults.append(f"{file}: is {kind}, read {answer.kind}")
    if kind == "bounce":
        for one in label["recipients"]:
            _count_action(tally, file, one, answer)


def _count_action(tally: Tally, file: str, one: dict[str, Any], answer: Answer) -> None:
    names = {"dead_caught": NOW, "sender_suppressed": NEVER, "soft_suppressed": COUNTS}
    accepted = [each.lower() for each in (one["addr"], *one["accept"]) if each] if one.get("addr") else [""]
    told = next((answer.actions[each] for each in accepted if each in answer.actions), None)
    for name, action in names.items():
        if one.get("action") == action:
            tally.count(name, told == NOW)
            if (told == NOW) != (action == NOW):
                tally.faults.append(f"{file}: {one['category']} asks for {action}, read {told}")


def ours() -> Reader:
    """Reading and judging as `mailwake ingest` does."""
    bounces = Bounces.load()

    def read(raw: bytes) -> Answer:
        try:
            told = as_dict("", open_notice(raw, None, received_at=Micros(0)), bounces)
        except Unreadable:
            return Answer("not_bounce", {})
        return Answer(told["kind"], {(one["address"] or "").lower(): one["action"] for one in told["recipients"]})

    return read


def flufl() -> Reader:
    """flufl.bounce: a permanent failure suppresses, as list software that uses it does."""
    from flufl.bounce import all_failures

    def read(raw: bytes) -> Answer:
        temporary, permanent = all_failures(message_from_bytes(raw))
        told = {address.decode("latin-1").lower(): COUNTS for address in temporary}
        told |= {address.decode("latin-1").lower(): NOW for address in permanent}
        kind = "bounce" if permanent else "delayed" if temporary else "not_bounce"
        return Answer(kind, dict(told))

    return read


def plain_rfc3464() -> Reader:
    """The standard library alone: the fields of RFC 3464, and a failed action suppresses."""

    def read(raw: bytes) -> Answer:
        told: dict[str, str | None] = {}
        kind = "not_bounce"
        try:
            for part in message_from_bytes(raw).walk():
                if part.get_content_type() == "message/delivery-status":
                    for block in part.get_payload():
                        address = str(block.get("final-recipient", "")).rpartition(";")[2].strip(" <>").lower()
                        action = str(block.get("action", "")).strip().lower()
                        if address and action in ("failed", "delayed"):
                            told[address] = NOW if action == "failed" else NEVER
                            kind = "bounce" if action == "failed" or kind == "bounce" else "delayed"
        except (AttributeError, ValueError, RecursionError):
            pass
        return Answer(kind, told)

    return read
