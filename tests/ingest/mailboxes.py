"""A real IMAP server with an account, and what is put into it."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailwake.ingest.imap import Account

USER, PASSWORD = "bounces", "s3cret word"


@contextmanager
def serving() -> Iterator[Account]:
    """The server, while it is needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("pymap"))
    words = [program, "--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    words += ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            yield _when_ready(port)
        finally:
            running.kill()


def _when_ready(port: int) -> Account:
    for _ in range(300):
        try:
            imaplib.IMAP4("127.0.0.1", port, timeout=5).shutdown()
            break
        except OSError:
            time.sleep(0.1)
    return Account(
        host="127.0.0.1", port=port, security="none", user=USER, password=PASSWORD, folder="", max_bytes=100_000
    )


def client(account: Account) -> imaplib.IMAP4:
    box = imaplib.IMAP4(account.host, account.port, timeout=30)
    box.login(account.user, account.password)
    return box


def put(account: Account, *mails: bytes) -> None:
    with client(account) as box:
        for raw in mails:
            assert box.append(f'"{account.folder}"', None, None, raw.replace(b"\n", b"\r\n"))[0] == "OK"
