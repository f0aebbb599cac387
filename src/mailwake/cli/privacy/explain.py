"""`mailwake privacy explain`: the same on the terminal, in words."""

from __future__ import annotations

import msgspec

from mailwake.audit.words import RECIPIENT, Action, Thing
from mailwake.cli.acting import audited
from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.asking import asking
from mailwake.cli.privacy.export import AddressArgument
from mailwake.rights.told import Told
from mailwake.rights.words import to_text
from mailwake.settings import DEFAULT_FILE


def explain(address: AddressArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Say what is known of one person: from where, why, and how long it is kept.

    Example: mailwake privacy explain ada@example.com
    """
    from mailwake.rights.opening import EXPORT

    with asking(config) as found:
        handle = str(found.handle(address))
        with audited(found.state, Action.PERSON_TOLD, Thing(RECIPIENT, handle)):
            raw = found.do(EXPORT, {"handle": handle})
    print(to_text(msgspec.json.decode(raw, type=Told)), end="")
