"""What `mailwake doctor` says of links after delivery."""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.cli.doctor import Finding, ok, problem, warning
from mailwake.detours.file import FILE
from mailwake.detours.reader import DetourFile, Standing
from mailwake.detours.signing import Seal
from mailwake.errors import MailwakeError
from mailwake.settings import Settings
from mailwake.watchdog.desk import opened_desk


def check_links(settings: Settings) -> Iterator[Finding]:
    """Targets that answer no more, and whether the edge believes what was decided; nothing where nothing ran yet."""
    if not (settings.data_folder / "state.sqlite").exists():
        return
    try:
        with opened_desk(settings) as desk:
            standing = desk.standing()
        file = DetourFile(settings.data_folder / FILE, Seal(settings.load_keys()))
    except MailwakeError:
        return  # another check tells of keys and store
    believed = [each for each in standing.detours if each.is_believed]
    if len(believed) < len(standing.detours):
        count = len(standing.detours) - len(believed)
        yield problem("links", f"{count:,} decisions in state.sqlite are not ours and left out; see who wrote to it")
    if file.standing is Standing.REFUSED:
        yield problem("links", f"the edge believes nothing of {FILE}: {file.why}; run `mailwake links keep`")
    elif believed and not len(file):
        yield problem("links", f"{FILE} does not say what was decided; run `mailwake links keep`")
    pressing = [each for each in standing.alarms if not each.is_mended]
    if pressing:
        line = f"{len(pressing):,} targets of delivered mail answer no more"
        yield warning("links", f"{line}; `mailwake links list` shows them, `mailwake links replace` mends them")
    elif believed:
        yield ok("links", f"readers of {len(believed):,} links go elsewhere than their mail says")
