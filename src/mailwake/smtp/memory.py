"""What a client that has to come again was not told: which of its recipients already have the message.

SMTP has one answer for all recipients of a message. When the next server took it for some and put off others, the
client hears 451 and sends the whole message again. We then leave out those who have it, and give the others the same
delivery id as before, so that nobody gets it twice and no count is off.

A transaction is known by its envelope sender and the digest of the message as the client sent it. The memory needs no
file: every outcome in the relay's log carries the transaction in its key, and `read_back` takes it from there.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mailwake.events import DeliveryId, Event, EventType, Handle, Micros
from mailwake.smtp.upstream import Reply

#: Clients give up after four to five days (RFC 5321 section 4.5.4.1).
KEEP_DAYS = 5
#: Transactions kept; one takes some hundred bytes and only unfinished ones are kept.
KEEP_TRANSACTIONS = 20_000
#: A final outcome that was logged so shortly before a kill may not have reached its client; answers leave within
#: milliseconds, on a machine that is busy within seconds.
UNHEARD_MICROS = 10_000_000
_DAY = 86_400_000_000


class Known(NamedTuple):
    """What became of one recipient's copy so far."""

    delivery: DeliveryId
    #: the next server's last word; temporary: to be tried again
    reply: Reply


@dataclass(kw_only=True)
class Memory:
    """Unfinished transactions, oldest dropped first."""

    _open: OrderedDict[str, dict[Handle, Known]] = field(default_factory=OrderedDict)

    def recall(self, transaction: str) -> dict[Handle, Known]:
        """What is known about the recipients of a transaction that comes again; empty when it is new."""
        return dict(self._open.get(transaction, {}))

    def note(self, transaction: str, recipient: Handle, known: Known) -> None:
        """Keep the outcome of one recipient until the client has its final answer."""
        self._open.setdefault(transaction, {})[recipient] = known
        self._open.move_to_end(transaction)
        if len(self._open) > KEEP_TRANSACTIONS:
            self._open.popitem(last=False)

    def forget(self, transaction: str) -> None:
        """The client has its final answer."""
        self._open.pop(transaction, None)

    def read_back(self, events: Iterable[Event], *, now: Micros, was_killed: bool = False) -> None:
        """Take in the relay's own log, oldest first, after a restart.

        Args:
            events: all there are.
            now: what is too old by then is left out.
            was_killed: the relay did not end by itself. What it finished last is taken for unfinished, because its
                client may come again for the answer.
        """
        ended: OrderedDict[str, tuple[Micros, dict[Handle, Known]]] = OrderedDict()
        last = Micros(0)
        for event in events:
            if event.received_at < now - KEEP_DAYS * _DAY:
                continue
            kind, _, rest = event.key.partition(":")
            parts = rest.split(":")
            if kind not in _OUTCOMES or len(parts) != 3 or event.recipient is None or event.delivery is None:
                continue
            last, name = max(last, event.received_at), parts[1]
            known = {event.recipient: Known(event.delivery, _reply(event))}
            if parts[2] == _END:
                before = ended.pop(name, (last, {}))[1]
                ended[name] = (last, before | self._open.pop(name, {}) | known)
            else:
                self.note(name, event.recipient, known[event.recipient])
            while ended and next(iter(ended.values()))[0] < last - UNHEARD_MICROS:
                ended.popitem(last=False)
        for name, (_, whole) in ended.items() if was_killed else ():
            for recipient, outcome in (whole | self.recall(name)).items():
                self.note(name, recipient, outcome)


_OUTCOMES = frozenset((EventType.DELIVERED, EventType.DEFERRED, EventType.BOUNCED))
_END = "end"


def transaction_of(sender: str, message: bytes) -> str:
    """What a transaction is recognised by when the client sends it again."""
    digest = hashlib.blake2b(sender.encode("utf-8", "surrogateescape") + b"\0", digest_size=16)
    digest.update(message)
    return digest.hexdigest()


def outcome_key(kind: EventType, delivery: DeliveryId, transaction: str, *, now: Micros, is_final: bool) -> str:
    """The key of an outcome, from which `Memory.read_back` learns.

    Args:
        kind: delivered, deferred or bounced.
        delivery: whose copy.
        transaction: see `transaction_of`.
        now: tells one deferral from the next.
        is_final: the client gets its final answer with this outcome; nothing needs to be remembered.
    """
    return f"{kind}:{delivery}:{transaction}:{_END if is_final else now if kind is EventType.DEFERRED else 'open'}"


def _reply(event: Event) -> Reply:
    code, _, text = event.reason.partition(" ")
    default = {EventType.DELIVERED: 250, EventType.DEFERRED: 451}.get(event.type, 550)
    return Reply(int(code), text) if code.isdecimal() and len(code) == 3 else Reply(default, event.reason)
