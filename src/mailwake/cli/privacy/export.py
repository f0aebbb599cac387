"""`mailwake privacy export`: everything that is known of one person, as one page and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mailwake.audit.words import RECIPIENT, Action, Thing
from mailwake.cli.acting import audited
from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.asking import asking
from mailwake.errors import BadInput
from mailwake.rights.told import Told
from mailwake.rights.words import to_html
from mailwake.settings import DEFAULT_FILE

AddressArgument = Annotated[str, typer.Argument(help="Whose; as mail was sent to it.")]


def export(
    address: AddressArgument,
    *,
    config: ConfigOption = DEFAULT_FILE,
    out: Annotated[str, typer.Option("--out", help="Name of the two files, without .html and .json.")] = "privacy",
) -> None:
    """Write everything that is known of one person: a page to read, and the same as JSON. Nothing of anybody else.

    Example: mailwake privacy export ada@example.com --out ada
    """
    from mailwake.rights.opening import EXPORT

    with asking(config) as found:
        handle = str(found.handle(address))
        with audited(found.state, Action.PERSON_TOLD, Thing(RECIPIENT, handle)):
            raw = found.do(EXPORT, {"handle": handle})
    told = msgspec.json.decode(raw, type=Told)
    for ending, content in ((".html", to_html(told).encode()), (".json", raw)):
        print(_write(Path(f"{out}{ending}"), content))


def _write(path: Path, content: bytes) -> Path:
    try:
        path.touch(mode=0o600)
        path.write_bytes(content)
    except OSError as fault:
        raise BadInput(f"cannot write {path}: {fault.strerror}") from None
    return path
