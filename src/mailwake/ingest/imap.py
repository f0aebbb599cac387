"""A mailbox that bounces and replies come back to, read over IMAP (RFC 9051) from where the last reading ended.

Nothing in the mailbox is changed: no mail is deleted, moved or marked. How far it was read is kept here, by the number
that a server gives each mail for good (UID), and written down only when what the mails say is durable.
"""

from __future__ import annotations

import imaplib
import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mailwake.errors import Misconfigured, Unavailable
from mailwake.files import replace

#: Mails fetched at once.
BATCH = 20
_UID = re.compile(rb"\bUID (\d+)")


class Place(NamedTuple):
    """How far a mailbox was read."""

    #: changes when the server has numbered its mails anew (RFC 9051 section 2.3.1.1)
    validity: int
    #: of the last mail read
    uid: int


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whose mailbox it is, and how to get there."""

    host: str
    port: int
    #: tls, starttls or none
    security: str
    user: str
    password: str
    folder: str
    #: of one mail; the rest of a longer one is not fetched
    max_bytes: int
    timeout_seconds: float = 30.0

    @property
    def name(self) -> str:
        """What its place is kept under."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


class Places:
    """A file that says how far each mailbox was read.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, name: str) -> Place | None:
        """How far a mailbox was read; None: never. A file that cannot be read is as none: mail is read once more."""
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))[name]
            return Place(int(known["validity"]), int(known["uid"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, name: str, place: Place) -> None:
        """Write down how far a mailbox was read, for good.

        Raises:
            Unavailable: the file cannot be written.
        """
        known = self._known()
        known[name] = place._asdict()
        try:
            replace(self._path, json.dumps(known).encode())
        except OSError as fault:
            raise Unavailable(f"cannot write {self._path}: {fault.strerror}") from fault

    def _known(self) -> dict[str, dict[str, int]]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def new_mail(account: Account, after: Place | None) -> Iterator[tuple[Place, list[bytes]]]:
    """The mails that came after a place, in batches, each with the place that is reached with it.

    Args:
        account: whose mailbox.
        after: how far it was read; None, or where the server numbers anew: from the beginning.

    Raises:
        Misconfigured: the server refuses the name, the password or the folder.
        Unavailable: the server is away, or breaks off.
    """
    with _connected(account) as client:
        validity = _select(client, account)
        last = after.uid if after is not None and after.validity == validity else 0
        uids = _uids(client, last)
        for start in range(0, len(uids), BATCH):
            part = uids[start : start + BATCH]
            yield Place(validity, part[-1]), _fetch(client, part, account.max_bytes)


@contextmanager
def _connected(account: Account) -> Iterator[imaplib.IMAP4]:
    try:
        client = _connect(account)
        try:
            _log_in(client, account)
            yield client
        finally:
            client.shutdown()
    except (imaplib.IMAP4.abort, OSError, EOFError) as fault:
        raise Unavailable(f"the mailbox at {account.host}:{account.port} does not answer: {fault}") from fault
    except imaplib.IMAP4.error as fault:
        raise Unavailable(f"the mailbox at {account.host}:{account.port} answers what is no IMAP: {fault}") from fault


def _connect(account: Account) -> imaplib.IMAP4:
    where = (account.host, account.port)
    if account.security == "tls":
        context = ssl.create_default_context()
        client: imaplib.IMAP4 = imaplib.IMAP4_SSL(*where, ssl_context=context, timeout=account.timeout_seconds)
    else:
        client = imaplib.IMAP4(*where, timeout=account.timeout_seconds)
    if account.security == "starttls":
        client.starttls(ssl.create_default_context())
    return client


def _log_in(client: imaplib.IMAP4, account: Account) -> None:
    try:
        client.login(account.user, account.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise Misconfigured("imap.user", f"{account.host} refuses the name or the password") from None


def _select(client: imaplib.IMAP4, account: Account) -> int:
    quoted = '"' + account.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    kind, _ = client.select(quoted, readonly=True)
    if kind != "OK":
        raise Misconfigured("imap.folder", f"{account.host} has no folder {account.folder!r}")
    _, told = client.response("UIDVALIDITY")
    try:
        return int(told[0])
    except (TypeError, ValueError, IndexError):
        raise Unavailable(f"{account.host} does not say how it numbers mail (UIDVALIDITY)") from None


def _uids(client: imaplib.IMAP4, last: int) -> list[int]:
    _, told = client.uid("SEARCH", f"UID {last + 1}:*")
    found = sorted({int(uid) for line in told if line for uid in line.split()})
    return [uid for uid in found if uid > last]  # "n:*" always names the newest mail, also where it is older


def _fetch(client: imaplib.IMAP4, uids: list[int], max_bytes: int) -> list[bytes]:
    names = ",".join(map(str, uids))
    kind, told = client.uid("FETCH", names, f"(UID BODY.PEEK[]<0.{max_bytes}>)")
    if kind != "OK":
        raise Unavailable("the mailbox does not give out its mail")
    found: dict[int, bytes] = {}
    for place, part in enumerate(told):
        if isinstance(part, tuple):
            rest = told[place + 1] if place + 1 < len(told) else b""
            uid = _UID.search(part[0]) or (_UID.search(rest) if isinstance(rest, bytes) else None)
            if uid is not None:
                found[int(uid[1])] = part[1]
    return [found[uid] for uid in uids if uid in found]  # one that was deleted meanwhile is not there
