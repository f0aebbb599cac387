"""The gate before a run of mail: a copy of each letter is looked at, and where a problem counts nobody is mailed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
from rich.console import Console

from mailwake.errors import BadInput
from mailwake.events import DeliveryId
from mailwake.hosts import Hosts
from mailwake.merge.run import Addressee, Letter
from mailwake.preflight.examine import examine
from mailwake.preflight.surroundings import around_installation
from mailwake.preflight.telling import Answer, answer
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

    @classmethod
    def of(cls, settings: Settings, *, wanted: bool, force: bool) -> Gate:
        """That of the installation, or a closed one where somebody asks for it now."""
        return cls(settings=settings, kind="stop" if wanted else settings.preflight.gate, force=force)

    async def look(self, hosts: Hosts, letter: Letter, addressees: Sequence[Addressee], *, stream: str) -> None:
        """Look at a copy of each letter, and tell on standard error what is found.

        Raises:
            BadInput: a problem stands in the way.
        """
        if self.kind == "off":
            return
        copies = _samples(letter, addressees)
        problems = await asyncio.to_thread(self._judge, hosts, copies, letter.sender, stream)
        if problems and self.kind == "stop" and not self.force:
            what = "a problem" if problems == 1 else f"{problems} problems"
            raise BadInput(f"preflight finds {what}, and nobody was mailed; mend it, or give --force")

    def _judge(self, hosts: Hosts, copies: Sequence[Tracked], sender: str, stream: str) -> int:
        """How many problems there are; they and the rest are shown."""
        from mailwake.printing import preflight as printing

        online = self.kind == "stop"
        around = around_installation(self.settings, hosts, now=datetime.now(UTC), online=online)
        around = replace(around, signed_later=True, is_transactional=stream in NOBODY_LEAVES)
        problems, console = 0, Console(stderr=True)
        for copy in copies:
            told = answer(examine(copy.message, replace(around, envelope_sender=copy.return_path or sender)))
            problems += told.problems
            if told.problems or told.warnings:
                printing.show(_grave(told), "preflight", console)
        return problems


def _grave(told: Answer) -> Answer:
    """Without advice, which nobody wants to read at every run."""
    return msgspec.structs.replace(told, advice=0, findings=tuple(f for f in told.findings if f.severity != "advice"))


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
