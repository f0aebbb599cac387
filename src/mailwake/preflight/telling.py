"""A report for programs: the same JSON from the command, the API and the gate."""

from __future__ import annotations

import msgspec

from mailwake.preflight.examine import Report
from mailwake.preflight.findings import Finding, Severity


class Told(msgspec.Struct, kw_only=True, frozen=True):
    """One finding."""

    code: str
    #: problem, warning or advice
    severity: str
    #: what is the matter
    title: str
    #: of the message, from 1
    line: int
    #: further lines with the same; not all where there are many
    more_lines: tuple[int, ...]
    #: the words of that line that it is about
    words: str
    #: who minds
    why: str
    #: what to do
    mend: str
    #: where that is said
    source: str


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """What preflight says of a message."""

    problems: int
    warnings: int
    advice: int
    findings: tuple[Told, ...]
    #: what could not be looked at
    unknown: tuple[str, ...]
    bytes: int
    links: int
    #: different targets of links
    targets: int


def answer(report: Report) -> Answer:
    """A report in words, in the language that is spoken."""
    return Answer(
        problems=report.count(Severity.PROBLEM),
        warnings=report.count(Severity.WARNING),
        advice=report.count(Severity.ADVICE),
        findings=tuple(_told(found) for found in report.findings),
        unknown=tuple(each.line for each in report.unknown),
        bytes=report.size_bytes,
        links=report.links,
        targets=report.targets,
    )


def to_json(told: Answer, **more: str) -> bytes:
    """An answer for programs, on one line; with further members, such as the name of a file."""
    return msgspec.json.encode({**more, **msgspec.structs.asdict(told)})


def _told(found: Finding) -> Told:
    return Told(
        code=found.code,
        severity=found.severity,
        title=found.title,
        line=found.place.line,
        more_lines=found.more_lines,
        words=found.place.words,
        why=found.why,
        mend=found.mend,
        source=found.rule.source,
    )
