"""Puts a backup back into an empty folder, and forgets again whoever was erased or withdrew since it was taken."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from mailwake.backup.checking import check
from mailwake.backup.folders import make, need_empty
from mailwake.backup.manifest import DATA, LEDGER, NAME, SETTINGS, Manifest
from mailwake.backup.references import lacking
from mailwake.errors import BadInput, Unavailable, Unreadable
from mailwake.inert.keeper import InertKeeper
from mailwake.insight.stores import Stores, zone_named
from mailwake.pipeline.inert import StoredRefusals
from mailwake.rights.forgotten import Forgotten, Line
from mailwake.rights.opening import opened
from mailwake.rights.remembering import Applied, apply
from mailwake.settings import Settings, load
from mailwake.store.events import open_events
from mailwake.store.state import open_state
from mailwake.store.withdrawals import open_withdrawals


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back."""

    manifest: Manifest
    config: Path
    #: whom the file beside the data knew and the backup did not
    forgotten: Applied
    #: keys and secrets that have to be put back by hand, where they belong
    missing: tuple[Path, ...]


def restore(source: Path, root: Path, *, ledger: Path | None = None, keys: Path | None = None) -> Restored:
    """Put a backup back; nothing in it is shown or mailed before whoever was erased since is forgotten again.

    Args:
        source: folder of the backup.
        root: empty or not there yet; the settings file comes to lie in it.
        ledger: the file beside the data as it was last; None: the one in the backup, which knows nothing newer. What
            the file has that the restored settings name is kept, wherever it lies.
        keys: folder with the keys that were left out, by the names of the manifest.

    Raises:
        BadInput: the folder is not empty, the backup is not whole, or a file named is not there or none of its kind.
        Misconfigured: this version cannot use the settings in it.
        Unavailable: a store cannot be opened, or something cannot be written.
    """
    need_empty(root, "restore into an empty folder, then put it where it belongs")
    if ledger is not None and not ledger.is_file():
        raise BadInput(f"there is no ledger {ledger}; it is the file that [privacy] ledger names, copied elsewhere")
    if keys is not None and not keys.is_dir():
        raise BadInput(f"there is no folder {keys}; name the one that holds the keys that were left out")
    manifest = _whole(source)
    settings = replace(load(source / SETTINGS / manifest.config), root=root.resolve())
    left_out = (*manifest.left_out, *lacking(source, manifest))
    remembered = [*_lines(source / LEDGER), *(_lines(ledger) if ledger is not None else ())]
    targets = {source / each.path: _target(root, manifest, each.path) for each in manifest.files}
    make(root)
    try:
        _put_all(settings, remembered, targets)
        missing = _put_keys(root, manifest, left_out, keys)
    except OSError as fault:
        raise Unavailable(f"the restore was not finished: {fault}; empty {root} and try again") from fault
    return Restored(
        manifest=manifest, config=root / manifest.config, forgotten=_forget_again(settings), missing=tuple(missing)
    )


def _whole(source: Path) -> Manifest:
    manifest, wrong = check(source)
    if wrong:
        raise BadInput(f"the backup is not whole: {wrong[0]}" + (f" and {len(wrong) - 1} more" if wrong[1:] else ""))
    if Path(manifest.data).is_absolute() or ".." in Path(manifest.data).parts:
        raise BadInput(f"the settings name a data folder elsewhere ({manifest.data}); copy the parts by hand")
    return manifest


def _lines(ledger: Path) -> list[Line]:
    """Of a copy of the file beside the data; read before anything is written, for what is no such file helps nobody."""
    try:
        return Forgotten(ledger).lines()
    except Unreadable as fault:
        raise BadInput(f"{fault}; nothing was restored, name the file that [privacy] ledger names") from None


def _put_all(settings: Settings, remembered: list[Line], targets: Mapping[Path, Path]) -> None:
    """First whom to forget: added, for the file may lie elsewhere, in use, and know more than any copy."""
    place = settings.path(settings.privacy.ledger)
    if remembered:
        make(place.parent)
        Forgotten(place).take_in(remembered)
    for source, target in targets.items():
        if target != place and not source.match(LEDGER):
            _put(source, target)


def _target(root: Path, manifest: Manifest, name: str) -> Path:
    part, _, rest = name.partition("/")
    target = (root / manifest.data / rest if part == DATA else root / rest).resolve()
    if part not in (DATA, SETTINGS) or not rest or not target.is_relative_to(root.resolve()):
        raise BadInput(f"{name!r} in the {NAME} is no file of a backup")
    return target


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o600)


def _put_keys(root: Path, manifest: Manifest, left_out: tuple[str, ...], keys: Path | None) -> list[Path]:
    missing = []
    for name in left_out:
        inside = name if name.startswith(f"{DATA}/") else f"{SETTINGS}/{name}"
        found = keys / Path(name).name if keys is not None else None
        if found is not None and found.is_file() and ".." not in Path(name).parts and not Path(name).is_absolute():
            _put(found, _target(root, manifest, inside))
        else:
            missing.append(Path(name))
    return missing


def _forget_again(settings: Settings) -> Applied:
    data = settings.data_folder
    with closing(open_state(data / "state.sqlite")) as state, closing(open_events(data / "events.duckdb")) as events:
        stores = Stores(state=state, events=events, zone=zone_named(settings.web.timezone))
        with opened(settings, stores, has_org=False) as own:
            done = apply(own.forgotten.standing(), state, own.eraser)
    with closing(open_withdrawals(data / "state.sqlite")) as withdrawals:
        InertKeeper(data / "inert.bin", StoredRefusals(withdrawals)).begin()
    return done
