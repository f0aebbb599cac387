"""The gate before a run of mail: a copy of each letter is looked at, and where a problem counts nobody is mailed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from mailwake.cli.preflight.merged import Followed, Letter, empty_fields, followed
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput
from mailwake.events import DeliveryId
from mailwake.hosts import Hosts
from mailwake.merge.run import Addressee
from mailwake.preflight.examine import Report, examine
from mailwake.preflight.findings import Finding, Unknown
from mailwake.preflight.mail import Mail
from mailwake.preflight.surroundings import around_installation
from mailwake.preflight.targets import targets
from mailwake.preflight.telling import Answer, answer
from mailwake.printing import preflight as printing
from mailwake.profiles import NOBODY_LEAVES
from mailwake.send.addressed import Tracked
from mailwake.settings import Settings

#: Of an experiment every letter is found among so many people, or hardly anybody gets it.
_SEARCHED = 200


@dataclass(frozen=True, kw_only=True)
class Gate:
    """How closely a run is looked at before it begins."""

    settings: Settings
    #: off, show or stop; see ``[preflight] gate``
    kind: str
    #: problems are shown and stop nothing
    force: bool = False
    #: where the message that was looked at is written; None: nowhere
    examined: Path | None = None

    @classmethod
    def of(cls, settings: Settings, *, wanted: bool, force: bool, examined: Path | None = None) -> Gate:
        """That of the installation, or a closed one where somebody asks for it now."""
        kind = "stop" if wanted else settings.preflight.gate
        return cls(settings=settings, kind=kind, force=force, examined=examined)

    async def look(self, hosts: Hosts, letter: Letter, addressees: Sequence[Addressee], *, stream: str) -> None:
        """Look at a copy of each letter, and tell on standard error what is found.

        Raises:
            BadInput: a problem stands in the way, or the file for the message cannot be written.
            Misconfigured: the DNS cannot be asked from here.
        """
        if self.kind == "off":
            return
        problems = await asyncio.to_thread(self._judge, hosts, letter, addressees, stream)
        if problems and self.kind == "stop" and not self.force:
            what = "a problem" if problems == 1 else f"{problems} problems"
            raise BadInput(f"preflight finds {what}, and nobody was mailed; mend it, or give --force")

    def _judge(self, hosts: Hosts, letter: Letter, addressees: Sequence[Addressee], stream: str) -> int:
        """How many problems there are; they and the rest are shown."""
        online, console = self.kind == "stop", Console(stderr=True)
        around = around_installation(self.settings, hosts, now=datetime.now(UTC), online=online)
        around = replace(around, signed_later=True, is_transactional=stream in NOBODY_LEAVES)
        problems, advice, known, copies = 0, 0, set[str](), _samples(letter, addressees)
        for copy in copies:
            with_sender = replace(around, envelope_sender=copy.return_path or letter.sender)
            told, mail = answer(examine(copy.message, with_sender)), Mail(copy.message, around.options)
            known |= {target.url for target in targets(mail, around)}
            problems, advice = problems + told.problems, advice + told.advice
            if told.problems or told.warnings:
                printing.show(_grave(told), "preflight", console, where=mail_places(mail))
        problems += _show_merged(followed(letter, addressees, around, known=known), console)
        _show_empty(empty_fields(letter, addressees), len(addressees), console)
        self._show_where(copies, advice, console)
        return problems

    def _show_where(self, copies: Sequence[Tracked], advice: int, console: Console) -> None:
        """Where the messages are whose lines are told, and how to see advice."""
        if self.examined is not None:
            for path in _written(self.examined, copies):
                line = f"the message that was looked at is in {path}; `mailwake preflight {path} --signed-later`"
                console.print(escape(f"{line} has all"), soft_wrap=True)
        elif advice:
            what = "1 piece of advice is" if advice == 1 else f"{advice:,} pieces of advice are"
            line = f"{what} not shown; --examined FILE writes the message, and `mailwake preflight FILE --signed-later`"
            console.print(escape(f"{line} has all"), soft_wrap=True)


def _grave(told: Answer) -> Answer:
    """Without the advice itself, which nobody wants to read at every run."""
    return msgspec.structs.replace(told, findings=tuple(f for f in told.findings if f.severity != "advice"))


def mail_places(mail: Mail) -> Callable[[int], str]:
    """Says which part of a message a line is of: header, text or page; empty: of another one."""

    def where(line: int) -> str:
        for part in mail.parts:
            if part.first_line <= line < part.first_line + len(part.starts):
                return "page" if part.is_html else "text"
        return "header" if mail.message is not None and line < mail.line(mail.message.body_start) else ""

    return where


def _show_merged(told: Followed, console: Console) -> int:
    """Show what is found at the addresses that the list makes; how many problems there are."""
    report = Report(
        findings=tuple(row.found for row in told.rows if isinstance(row.found, Finding)),
        unknown=tuple(row.found for row in told.rows if isinstance(row.found, Unknown)),
        size_bytes=0, links=0, targets=0,
    )  # fmt: skip
    lines = [row.line for row in told.rows if isinstance(row.found, Finding)]
    answered = answer(report)
    found = (
        msgspec.structs.replace(each, title=f"{each.title}, in the mail to line {line} of the list")
        for each, line in zip(answered.findings, lines, strict=True)
    )
    grave = _grave(msgspec.structs.replace(answered, findings=tuple(found)))
    if grave.findings or grave.unknown:
        printing.show(grave, "preflight of the addresses that the list makes", console)
    if told.left:
        line = f"unknown  {told.left:,} further addresses that the list makes were not followed: there are too many"
        console.print(line, style="dim", soft_wrap=True)
    if told.personal:
        line = f"unknown  {told.personal:,} addresses that the list makes were not followed"
        console.print(f"{line}: a look may do something there", style="dim", soft_wrap=True)
    return answered.problems


def _show_empty(found: Mapping[str, Sequence[int]], of: int, console: Console) -> None:
    """Show which columns have nothing where the letter uses them; it may be written so that it does not matter."""
    for name, lines in found.items():
        rows = "1 row" if len(lines) == 1 else f"{len(lines):,} rows"
        line = f"column {name} is empty in {rows} of {of:,}, first in line {lines[0]} of the list; the letter uses it"
        console.print(f"[yellow]warning [/] {escape(visible(line))}", soft_wrap=True)


def _written(path: Path, copies: Sequence[Tracked]) -> list[Path]:
    """The files with the messages, for their owner alone: they hold somebody's own addresses.

    Raises:
        BadInput: one cannot be written.
    """
    paths = [path if number == 1 else path.with_stem(f"{path.stem}-{number}") for number, _ in enumerate(copies, 1)]
    try:
        for each, copy in zip(paths, copies, strict=True):
            with os.fdopen(os.open(each, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(copy.message)
    except OSError as fault:
        raise BadInput(f"--examined {path}: {fault.strerror}; give the path of a file that can be written") from None
    return paths


def _samples(letter: Letter, addressees: Sequence[Addressee]) -> list[Tracked]:
    """One copy of each template; whose copy cannot be made is told by the run itself."""
    found: dict[object, Tracked] = {}
    for addressee in addressees[:_SEARCHED]:
        try:
            copy = letter.copy(addressee, DeliveryId(1))
        except BadInput:
            continue
        found.setdefault(copy.template, copy)
    return list(found.values())
