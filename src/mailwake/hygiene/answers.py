"""The shape of what was found in a list, as the API sends it. Fields are only ever added."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something at one address."""

    #: of `words.KINDS`
    code: str
    severity: str
    #: what exactly, in English; empty: the code says it all
    detail: str = ""
    #: the address that was probably meant; empty: none. Never applied by itself.
    suggestion: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of the list with what was found at it."""

    #: of the file, from 1
    line: int
    address: str = field(repr=False)
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """All findings of one kind."""

    code: str
    severity: str
    label: str
    mend: str
    addresses: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hygiene:
    """A list looked through."""

    addresses: int
    #: with nothing to leave out or to look at
    fine: int
    #: with something for which to leave it out
    leave_out: int
    #: others with something to look at
    look_at: int
    domains: int
    #: of these the DNS said lately whether they take mail
    domains_known: int
    #: in the order of severity; those that occur
    groups: tuple[Group, ...]
    #: in the order of the list; those with a finding
    lines: tuple[Line, ...]


def to_json(answer: Hygiene) -> bytes:
    """The answer as JSON: one line."""
    return msgspec.json.encode(answer) + b"\n"


def rows(answer: Hygiene) -> list[dict[str, str]]:
    """What is to be mended, one row per finding, for a spreadsheet."""
    return [
        {
            "line": str(line.line),
            "email": line.address,
            "severity": found.severity,
            "code": found.code,
            "detail": found.detail,
            "suggestion": found.suggestion,
        }
        for line in answer.lines
        for found in line.findings
    ]
