"""A real Postfix in a folder of its own: takes mail, fails to deliver it in known ways, and writes its own notices."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam

import pytest
from tests.acceptance.test_serve import free_ports

#: Where Debian puts what an ordinary PATH does not name.
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
#: Delivered to boxes on this machine, with a limit; what comes back is Postfix's own word.
LOCAL = "mail.example.net"
#: Sent on to a second smtpd, which relays for nobody.
STRICT = "strict.example.org"
#: Sent on to a port where nobody listens.
AWAY = "away.example.org"
#: Where our own bounces go.
BOUNCES = "bounces.example.com"
#: What a box may hold and what a mail may have; Postfix wants the first to be no less than the second.
BOX_BYTES = 100_000

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.net
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
# Mail for a box that does not exist is taken and comes back, as from a server that stands before the boxes.
smtpd_reject_unlisted_recipient = no
transport_maps = texthash:{home}/transport
virtual_mailbox_domains = {local}
virtual_mailbox_base = {home}/boxes
virtual_mailbox_maps = texthash:{home}/boxes.map
virtual_mailbox_limit = {box_bytes}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
message_size_limit = {box_bytes}
smtp_dns_support_level = disabled
smtp_tls_security_level = none
# It warns of what has waited for a second, and tries again soon.
delay_warning_time = 1s
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 10s
"""

_MASTER = """\
127.0.0.1:{port}   inet  n - n - -  smtpd
127.0.0.1:{strict} inet  n - n - -  smtpd
  -o myhostname=mx.{strict_domain} -o mynetworks=192.0.2.1/32 -o smtpd_relay_restrictions=reject_unauth_destination
cleanup    unix  n - n - 0  cleanup
qmgr       unix  n - n 1 1  qmgr
rewrite    unix  - - n - -  trivial-rewrite
bounce     unix  - - n - 0  bounce
defer      unix  - - n - 0  bounce
trace      unix  - - n - 0  bounce
verify     unix  - - n - 1  verify
flush      unix  n - n 1000? 0 flush
proxymap   unix  - - n - -  proxymap
smtp       unix  - - n - -  smtp
relay      unix  - - n - -  smtp
error      unix  - - n - -  error
retry      unix  - - n - -  error
local      unix  - n n - -  local
virtual    unix  - n n - -  virtual
anvil      unix  - - n - 1  anvil
scache     unix  - - n - 1  scache
postlog    unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """One that runs."""

    home: Path
    #: takes mail from this machine for everybody
    port: int

    @property
    def log(self) -> str:
        """What it said of every mail."""
        return (self.home / "mail.log").read_text("utf-8", "replace")


@contextmanager
def running(bounces_to: int) -> Iterator[Postfix]:
    """A Postfix whose mail for the bounce domain goes to a port of ours; skips, loudly, where there is none.

    Nothing outside of a new folder is read or written but the programs, and nothing runs afterwards.
    """
    if shutil.which("postfix", path=_PATH) is None:
        pytest.skip("no postfix: the package postfix is not installed")
    if os.geteuid() != 0:
        pytest.skip("no postfix: it starts as root alone")
    # Its processes belong to other users, to whom the folders of pytest are closed.
    home = Path(tempfile.mkdtemp(prefix="postfix-", dir="/var/tmp"))
    home.chmod(0o755)
    port, strict, nobody = free_ports(3)
    _write(home, port=port, strict=strict, nobody=nobody, bounces_to=bounces_to)
    try:
        _postfix(home, "start")
        _wait_for(home, port, strict)
        yield Postfix(home, port)
    finally:
        with suppress(subprocess.CalledProcessError):
            _postfix(home, "stop")
        shutil.rmtree(home)


def _write(home: Path, *, port: int, strict: int, nobody: int, bounces_to: int) -> None:
    user = getpwnam("postfix")
    for name in ("queue", "data", "boxes", "conf"):
        (home / name).mkdir()
    for name in ("data", "boxes"):
        os.chown(home / name, user.pw_uid, user.pw_gid)
    (home / "conf/main.cf").write_text(
        _MAIN.format(home=home, local=LOCAL, box_bytes=BOX_BYTES, uid=user.pw_uid, gid=user.pw_gid)
    )
    (home / "conf/master.cf").write_text(_MASTER.format(port=port, strict=strict, strict_domain=STRICT))
    (home / "transport").write_text(
        f"{BOUNCES} smtp:[127.0.0.1]:{bounces_to}\n{STRICT} smtp:[127.0.0.1]:{strict}\n"
        f"{AWAY} smtp:[127.0.0.1]:{nobody}\n"
    )
    (home / "boxes.map").write_text(f"ann@{LOCAL} ann\nfull@{LOCAL} full\n")
    full = home / "boxes/full"
    full.write_bytes(b"From shop@example.com Mon Nov  2 10:00:00 2026\n\n" + b"x" * (BOX_BYTES - 100) + b"\n\n")
    os.chown(full, user.pw_uid, user.pw_gid)


def _postfix(home: Path, word: str) -> None:
    subprocess.run(
        ["postfix", "-c", str(home / "conf"), word],
        env={"PATH": _PATH}, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def _wait_for(home: Path, *ports: int) -> None:
    for port in ports:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        else:
            raise AssertionError((home / "mail.log").read_text())
