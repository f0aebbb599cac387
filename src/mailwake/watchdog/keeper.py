"""Writes the file that the edge reads: every decision that holds, by all the places where its link stands.

A link is found by its place, because its sealed target may hold parameters that were added to it, or be personal; and
by its target, so that mail which is sent later is mended too. Lines of the table whose seal does not hold are left out
and counted: whoever can write the table still sends nobody anywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from mailwake.compose.targets import add_parameters
from mailwake.detours.file import Detour, Told, digest, pack, replace_file, unpack
from mailwake.detours.signing import Seal
from mailwake.errors import Unreadable
from mailwake.events import Micros
from mailwake.store.watch import Decision, Kind, WatchStore
from mailwake.watchdog.sealing import is_sealed


class Keeper:
    """Keeps the file as the table has it.

    Args:
        store: holds the decisions.
        seal: of the installation.
        path: of the file.
        parameters: that are added to links, see `compose.utm`.

    Attributes:
        forged: lines of the table that hold and were not sealed by this installation, as of the last look.
    """

    def __init__(self, store: WatchStore, seal: Seal, path: Path, *, parameters: Mapping[str, str]) -> None:
        self._store, self._seal, self._path = store, seal, path
        self._parameters = parameters
        self._turn = threading.Lock()
        self.forged = 0

    def keep(self, *, now: Micros) -> bool:
        """Write the file where it does not say what the table says; whether it was written.

        Where nobody ever decided anything and there is no file, none is made.

        Raises:
            Unavailable: the store does not answer, or the file cannot be written.
        """
        with self._turn:
            known = self._known()
            holding = self._store.holding()
            believed = [each for each in holding if is_sealed(each, self._seal)]
            self.forged = len(holding) - len(believed)
            wanted = tuple(self._detours(believed))
            if known is None and not holding and not self._path.exists():
                return False
            if known is not None and known.detours == wanted:
                return False
            written_at = now if known is None else max(now, known.written_at + 1)
            replace_file(self._path, pack(wanted, self._seal, written_at=written_at))
            return True

    def _known(self) -> Told | None:
        try:
            return unpack(self._path.read_bytes(), self._seal)
        except (OSError, Unreadable):
            return None

    def _detours(self, holding: list[Decision]) -> Iterator[Detour]:
        """Ascending, each place and each target once; what was decided of one place counts before what was of all."""
        apart = {(each.template, each.number, each.href): each.kind for each in holding if each.template}
        made: dict[tuple[int, int, str], str] = {}
        of_all = {each.href: each for each in holding if not each.template and each.kind is not Kind.RESTORE}
        for place in self._store.places(of_all):
            if apart.get((place.template, place.number, place.href), Kind.RESTORE) is Kind.RESTORE:
                made[place.template, place.number, ""] = of_all[place.href].to
        for href, decision in of_all.items():
            for target in {href, add_parameters(href, self._parameters)}:
                made[0, 0, digest(target)] = decision.to
        for each in holding:
            if each.template and each.kind is not Kind.RESTORE:
                made[each.template, each.number, ""] = each.to
        for (template, number, target), to in sorted(made.items()):
            yield Detour(template=template, number=number, target=target, to=to)
