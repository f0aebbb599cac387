"""Programs that send mail the ordinary way: `smtplib`, one connection each, trying again as real clients do.

They know nothing of tracking. What they want of the relay stands in two headers (`X-Mailwake-Campaign`,
`X-Mailwake-Stream`), which any program can set.
"""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formataddr, formatdate, make_msgid
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from string import Template

from mailwake.simulate.people import Person

MAILS = Path(__file__).parent / "mails"
#: pause before a message that was put off or got lost is sent again
_PAUSE_SECONDS = 0.25


class Fate(StrEnum):
    """How sending one message ended."""

    TAKEN = "taken"
    REFUSED = "refused"
    #: nobody answered, however often it was tried
    GIVEN_UP = "given up"


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """A message that a program sends to several people, each by itself."""

    campaign: str
    #: marketing, transactional or outbound
    stream: str
    sender_name: str
    sender: str
    #: with $given and $number
    subject: str
    text: str
    #: file in `mails`
    html: str

    @cached_property
    def page(self) -> Template:
        """The HTML."""
        return Template((MAILS / self.html).read_text(encoding="utf-8"))


UPDATE = Occasion(
    campaign="Planner update",
    stream="marketing",
    sender_name="Larkspur Planner",
    sender="planner@larkspur.example",
    subject="The bed planner knows your winter now",
    text="Hi $given,\n\nthree things are new since October: frost dates, plans for two, a calendar.\n\n"
    "https://app.larkspur.example/plans?new=frost\n",
    html="update.html",
)
ORDER = Occasion(
    campaign="Order sent",
    stream="transactional",
    sender_name="Larkspur Shop",
    sender="orders@larkspur.example",
    subject="Your order $number is on its way",
    text="Thank you, $given: order $number left our shed this morning.\n\nhttps://parcels.example/follow/$number\n",
    html="order.html",
)


@dataclass(frozen=True, kw_only=True)
class Relay:
    """Where to send to, and how long to go on trying."""

    host: str
    port: int
    patience_seconds: float = 60.0
    connections: int = 6


def write_message(occasion: Occasion, person: Person, number: int, now: float) -> bytes:
    """One person's message: text and HTML, no tracking.

    Args:
        occasion: what is sent.
        person: to whom.
        number: counts the messages of an occasion.
        now: seconds since 1970, for its date.
    """
    words = {"given": person.given, "number": f"L-{10_000 + number}"}
    message = EmailMessage(policy=SMTP_POLICY)
    message["Subject"] = Template(occasion.subject).substitute(words)
    message["From"] = formataddr((occasion.sender_name, occasion.sender))
    message["To"] = formataddr((f"{person.given} {person.family}", person.address))
    message["Date"] = formatdate(now)
    message["Message-ID"] = make_msgid(domain="larkspur.example")
    message["X-Mailwake-Campaign"] = occasion.campaign
    message["X-Mailwake-Stream"] = occasion.stream
    message.set_content(Template(occasion.text).substitute(words))
    message.add_alternative(occasion.page.substitute(words), subtype="html")
    return message.as_bytes()


@dataclass(kw_only=True)
class Client:
    """One connection of one program.

    Args:
        relay: where it sends to.
        clock: seconds, for patience.
        pause: waits so many seconds.
        stop: once set, nothing more is tried.
    """

    relay: Relay
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _session: smtplib.SMTP | None = field(default=None, repr=False)

    def send(self, sender: str, recipient: str, message: bytes) -> Fate:
        """Send until it is taken, refused, or patience ends; always the same bytes."""
        until = self.clock() + self.relay.patience_seconds
        while self.clock() < until and not self.stop.is_set():
            try:
                self._connected().sendmail(sender, [recipient], message)
            except smtplib.SMTPRecipientsRefused as fault:
                if all(code >= 500 for code, _ in fault.recipients.values()):
                    return Fate.REFUSED
            except smtplib.SMTPServerDisconnected:
                self.close()
            except smtplib.SMTPResponseException as fault:
                if fault.smtp_code >= 500:
                    return Fate.REFUSED
            except OSError:
                self.close()
            else:
                return Fate.TAKEN
            self.pause(_PAUSE_SECONDS)
        return Fate.GIVEN_UP

    def _connected(self) -> smtplib.SMTP:
        if self._session is None:
            self._session = smtplib.SMTP(self.relay.host, self.relay.port, timeout=30)
        return self._session

    def close(self) -> None:
        """Hang up; without a word where nobody listens any more."""
        if self._session is not None:
            self._session.close()
            self._session = None


def send_all(
    occasion: Occasion, people: Sequence[Person], relay: Relay, *, stop: threading.Event | None = None
) -> dict[str, Fate]:
    """Send an occasion to everybody, over a few connections.

    Args:
        occasion: what is sent.
        people: to whom.
        relay: through whom.
        stop: once set, whoever is left is given up.

    Returns:
        What became of each address.
    """
    here, stop = threading.local(), stop or threading.Event()
    clients: list[Client] = []

    def send(numbered: tuple[int, Person]) -> tuple[str, Fate]:
        if not hasattr(here, "client"):
            here.client = Client(relay=relay, stop=stop)
            clients.append(here.client)
        number, person = numbered
        message = write_message(occasion, person, number, time.time())
        fate: Fate = here.client.send(occasion.sender, person.address, message)
        return person.address, fate

    with ThreadPoolExecutor(relay.connections) as pool:
        fates = dict(pool.map(send, enumerate(people)))
    for client in clients:
        client.close()
    return fates
