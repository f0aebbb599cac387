"""`mailwake privacy erase`: forgets one person everywhere, and says so in a certificate."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from mailwake.audit.words import RECIPIENT, Action, Thing
from mailwake.cli.acting import audited, who
from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.asking import asking
from mailwake.cli.privacy.export import AddressArgument
from mailwake.cli.privacy.keeping import tell_edges
from mailwake.rights.certificate import Certificate, Place, line, to_text
from mailwake.settings import DEFAULT_FILE


def erase(
    address: AddressArgument,
    *,
    config: ConfigOption = DEFAULT_FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is there; change nothing.")] = False,
    by: Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The certificate as JSON.")] = False,
) -> None:
    """Forget one person everywhere: stores, files, Salesforce. Sums stay true; what they refused stays refused.

    Cannot be undone. Prints a certificate with counts per place; keep it as proof.

    Example: mailwake privacy erase ada@example.com --dry-run
    """
    from mailwake.rights.opening import COUNT, ERASE

    with asking(config) as found:
        handle = str(found.handle(address))
        if dry_run:
            raw = found.do(COUNT, {"handle": handle})
            places = msgspec.json.decode(raw, type=tuple[Place, ...])
            print(raw.decode() if as_json else "\n".join(line(each) for each in places))
            return
        with audited(found.state, Action.PERSON_ERASED, Thing(RECIPIENT, handle), by=by):
            raw = found.do(ERASE, {"handle": handle, "by": by or who()})
        tell_edges(found.settings)
    certificate = msgspec.json.decode(raw, type=Certificate)
    print(raw.decode() if as_json else to_text(certificate), end="" if as_json else "\n")
