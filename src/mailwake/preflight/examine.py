"""All checks of a message, one after the other, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailwake.preflight.attachments import check_attachments
from mailwake.preflight.authentication import check_authentication
from mailwake.preflight.body import check_body
from mailwake.preflight.findings import Finding, Severity, Unknown, finding
from mailwake.preflight.header import check_header
from mailwake.preflight.links import check_links
from mailwake.preflight.mail import Mail
from mailwake.preflight.one_click import check_one_click
from mailwake.preflight.structure import check_structure
from mailwake.preflight.surroundings import Surroundings
from mailwake.preflight.targets import check_targets, targets
from mailwake.preflight.tracking import check_tracking
from mailwake.preflight.unsubscribing import check_unsubscribing
from mailwake.preflight.wire import check_wire
from mailwake.signatures.check import check_all

_ORDER = tuple(Severity)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found in one message."""

    #: the worst first, then by line
    findings: tuple[Finding, ...]
    #: what could not be looked at
    unknown: tuple[Unknown, ...]
    #: as judged
    size_bytes: int
    #: links of the HTML
    links: int
    #: different targets that were followed, or would be
    targets: int

    def count(self, severity: Severity) -> int:
        """Findings of a severity."""
        return sum(found.severity is severity for found in self.findings)

    @property
    def worst(self) -> Severity | None:
        """Of its findings; None: there are none."""
        return self.findings[0].severity if self.findings else None


def examine(raw: bytes, around: Surroundings) -> Report:
    """Judge a message that is about to leave; never fails, whatever the bytes.

    Args:
        raw: as it would go over the wire, or as it is kept on disk.
        around: how it will leave, and whom may be asked.

    Raises:
        Misconfigured: a library is missing that a check needs.
    """
    mail = Mail(raw, around.options)
    found = list(_all(mail, around))
    findings = [each for each in found if isinstance(each, Finding)]
    findings.sort(key=lambda each: (_ORDER.index(each.severity), each.place.line))
    return Report(
        findings=tuple(findings),
        unknown=tuple(each for each in found if isinstance(each, Unknown)),
        size_bytes=len(mail.raw),
        links=len(mail.anchors),
        targets=len(targets(mail, around)),
    )


def _all(mail: Mail, around: Surroundings) -> Iterator[Finding | Unknown]:
    if mail.message is None:
        yield finding("no_message", 1)
        return
    if (broken := mail.message.broken_at()) is not None:  # what is behind would be called a fault of its own
        words = mail.raw[broken:].lstrip().partition(b"\n")[0].decode("utf-8", "replace")
        yield finding("header_broken", mail.line(broken), words)
        return
    yield from check_wire(mail)
    yield from check_structure(mail)
    yield from check_header(mail, around)
    yield from check_body(mail)
    yield from check_attachments(mail)
    yield from check_links(mail, around)
    yield from check_tracking(mail, around)
    found = check_all(mail.raw, [value for value, _ in mail.values("dkim-signature")], around.names)
    yield from check_unsubscribing(mail, around, found)
    yield from check_authentication(mail, around, found)
    yield from check_targets(mail, around)
    yield from check_one_click(mail, around)
