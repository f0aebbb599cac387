"""What packs are made with: the installation's key for them, and the files of rulesets."""

from __future__ import annotations

from collections.abc import Callable

from mailwake.exports.pack import Maker, signing_key
from mailwake.history.rulesets import FOLDER
from mailwake.judge.rules import CURRENT, load_rules
from mailwake.settings import Settings


def maker_of(settings: Settings) -> Maker:
    """What an installation makes packs with.

    Raises:
        Misconfigured: its keys cannot be read.
    """
    return Maker(key=signing_key(settings.load_keys()), rules=_rules_of(settings))


def _rules_of(settings: Settings) -> Callable[[str], bytes | None]:
    """The file of a ruleset: from the data folder, or from the package."""

    def rules(name: str) -> bytes | None:
        kept = settings.data_folder / FOLDER / f"{name}.toml"
        if "/" not in name and kept.is_file():
            return kept.read_bytes()
        packaged = sorted(CURRENT.parent.glob("*.toml"))
        return next((path.read_bytes() for path in packaged if load_rules(path).id == name), None)

    return rules
