"""Programs that send mail through the relay, and keep what they were told; what was not answered they send again."""

from __future__ import annotations

import json
import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.installation import Installation

from mailwake.events import Event, EventType, Handle

PATIENCE_SECONDS = 600.0


@dataclass(slots=True)
class Letter:
    """One message with its recipients, who get no other mail."""

    serial: int
    recipients: tuple[str, ...]
    #: times it was given to the relay whole, and no answer came
    unanswered: int = 0
    #: the relay's last word; None: nothing yet
    code: int | None = None

    @property
    def text(self) -> bytes:
        """The same bytes whenever it is sent."""
        return (
            f"From: shop@example.com\r\nTo: {', '.join(self.recipients)}\r\nSubject: Offer {self.serial}\r\n"
            f"Message-ID: <{self.serial}@example.com>\r\nX-Serial: {self.serial}\r\nMIME-Version: 1.0\r\n"
            'Content-Type: text/html; charset="utf-8"\r\n\r\n<html><body><p>Look: <a href="https://www.example.com/'
            'offer">our offer</a>.</p></body></html>\r\n'
        ).encode()


class Senders:
    """A few programs, each with a thread and one letter under way.

    Args:
        installation: whose relay is used.
        rate: letters a second, all programs together.
        programs: how many.
        dice: decides how many recipients a letter has.
    """

    def __init__(self, installation: Installation, *, rate: float, dice: random.Random, programs: int = 4) -> None:
        self._port, self._gap, self._dice = installation.ports["relay"], programs / rate, dice
        self._stop, self._lock, self._serial = threading.Event(), threading.Lock(), 0
        self._threads = [threading.Thread(target=self._run, name="sender", daemon=True) for _ in range(programs)]
        self.letters: list[Letter] = []
        #: times that nobody took the line
        self.refused = 0
        self.faults: list[BaseException] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[Letter]:
        """No further letters; those under way are sent until they are answered. Gives all."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS * 2)
        if self.faults:
            raise self.faults[0]
        return self.letters

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._gap):
                letter = self._next()
                end = time.monotonic() + PATIENCE_SECONDS
                while letter.code is None or 400 <= letter.code < 500:
                    assert time.monotonic() < end, f"nobody took {letter}"
                    self._try(letter)
        except BaseException as fault:  # noqa: BLE001 - told by `stop`, where the test sees it
            self.faults.append(fault)

    def _next(self) -> Letter:
        with self._lock:
            self._serial += 1
            names = range(self._dice.choice((1, 1, 1, 1, 2, 3)))
            letter = Letter(self._serial, tuple(f"reader-{self._serial}-{n}@example.com" for n in names))
            self.letters.append(letter)
        return letter

    def _try(self, letter: Letter) -> None:
        is_given, letter.code = False, None
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=30) as client:
                client.ehlo()
                client.mail("shop@example.com")
                for address in letter.recipients:
                    code, said = client.rcpt(address)
                    if code != 250:
                        raise smtplib.SMTPResponseException(code, said)
                is_given = True
                letter.code, _ = client.data(letter.text)
                is_given = False
        except smtplib.SMTPResponseException as fault:
            letter.code = letter.code or fault.smtp_code  # after the answer to a letter nothing is said of it any more
        except (smtplib.SMTPException, OSError) as fault:
            self.refused += isinstance(fault, ConnectionRefusedError)
            letter.unanswered += is_given
            time.sleep(0.05)


def kept(path: Path) -> Counter[tuple[int, str]]:
    """What the sink has: how often each recipient has each letter."""
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return Counter((line["serial"], line["to"]) for line in lines)


@dataclass
class Delivered:
    """What letters, sink and log say of each other."""

    #: accepted by the relay, and not with the next server
    lost: list[tuple[int, str]] = field(default_factory=list)
    #: with the next server more often than unanswered tries allow
    unexplained: list[tuple[int, str]] = field(default_factory=list)
    #: sent again although the log said that it was delivered
    sent_again: list[str] = field(default_factory=list)
    #: a second copy, because the relay died between the next server's 250 and its own note of it
    twice: int = 0
    letters: int = 0
    copies: int = 0

    def __str__(self) -> str:
        return (
            f"letters {self.letters:,} · copies {self.copies:,} · lost {len(self.lost)} · "
            f"twice in the documented window {self.twice} · twice otherwise {len(self.unexplained)} · "
            f"sent again after `delivered` {len(self.sent_again)}"
        )


def reconcile(
    letters: Iterable[Letter],
    copies: Mapping[tuple[int, str], int],
    events: Iterable[Event],
    names: Mapping[Handle, str],
) -> Delivered:
    """Compare what senders were told with what the next server has and with the relay's log."""
    found = Delivered(copies=sum(copies.values()))
    for letter in letters:
        found.letters += 1
        for address in letter.recipients:
            n = copies.get((letter.serial, address), 0)
            if letter.code == 250 and not n:
                found.lost.append((letter.serial, address))
            found.twice += max(0, n - 1)
            if n > 1 + letter.unanswered:
                found.unexplained.append((letter.serial, address))
    done: set[str] = set()
    for event in events:
        address = names.get(event.recipient or Handle(0), "")
        if event.type is EventType.SENT and address in done:
            found.sent_again.append(address)
        elif event.type is EventType.DELIVERED:
            done.add(address)
    return found
