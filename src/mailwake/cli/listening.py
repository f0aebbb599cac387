"""Sockets that somebody else opened and keeps open, so that nobody is refused while a role is replaced.

A process that ends takes with it whoever waits in the queue of its own socket, and the kernel cuts them off. A socket
that the supervisor or systemd holds as well lives on, with its queue, until the next process takes from it.

Source: sd_listen_fds(3); listen(2)
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from typing import Annotated

import typer

from mailwake.errors import Misconfigured

#: sd_listen_fds(3): descriptors start here
_FIRST = 3
#: No socket was handed over.
NONE = -1

DescriptorOption = Annotated[
    int, typer.Option("--fd", help="Accept from this open socket, a file descriptor, instead of one of our own.")
]


def handed_over(environment: MutableMapping[str, str]) -> dict[str, int]:
    """Descriptors that systemd opened for this process, by their name in `FileDescriptorName=`.

    Args:
        environment: what systemd said is taken out of it, so that no child takes it for its own.
    """
    pid, count, names = (environment.pop(f"LISTEN_{what}", "") for what in ("PID", "FDS", "FDNAMES"))
    if pid != str(os.getpid()) or not count.isdecimal():
        return {}
    told = [*names.split(":"), *[""] * int(count)]
    return {told[n] or str(n): _FIRST + n for n in range(int(count))}


def choose(descriptor: int, name: str, environment: MutableMapping[str, str]) -> socket.socket | None:
    """The socket that a role was given, by option or by systemd; None: it opens its own.

    Args:
        descriptor: of the option; `NONE` where it was not used.
        name: of the role; systemd's only socket may have any name.
        environment: see `handed_over`.

    Raises:
        Misconfigured: the descriptor is no listening stream socket.
    """
    found = handed_over(environment)
    if descriptor == NONE:
        descriptor = found.get(name, next(iter(found.values())) if len(found) == 1 else NONE)
    return None if descriptor == NONE else from_descriptor(descriptor)


def from_descriptor(descriptor: int) -> socket.socket:
    """The socket behind a descriptor.

    Raises:
        Misconfigured: there is none, or it is of another kind.
    """
    try:
        found = socket.socket(fileno=descriptor)
    except OSError as fault:
        raise Misconfigured("--fd", f"{descriptor} is no socket: {fault.strerror}") from None
    if found.type != socket.SOCK_STREAM or found.family not in (socket.AF_INET, socket.AF_INET6):
        found.detach()
        raise Misconfigured("--fd", f"{descriptor} is a socket of another kind; a TCP socket is needed")
    return found
