"""A message as the relay would send it on: with links, pixel and header fields of a copy that nobody gets."""

from __future__ import annotations

from mailwake.compose.copy import Copy
from mailwake.compose.message import Draft
from mailwake.modes import Modes
from mailwake.preflight.mail import Mail
from mailwake.preflight.surroundings import Surroundings
from mailwake.tokens import MessageToken


def as_relayed(raw: bytes, around: Surroundings, modes: Modes) -> bytes:
    """The tracked copy; the message itself where it passes untouched, or no installation is known.

    Args:
        raw: as it is handed to the relay.
        around: with the installation.
        modes: how closely the copy may be watched.
    """
    if around.installation is None:
        return raw
    draft = Draft.read(raw, around.options)
    host = around.installation.hosts.of_sender(Mail(raw, around.options).sender_domain or None)
    token = MessageToken(modes=modes, template=1, delivery=1, recipient=1, issued=around.now.date())
    return draft.render(Copy(minter=host.minter, base_url=host.base_url, token=token))
