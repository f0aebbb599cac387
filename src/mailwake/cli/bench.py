"""`mailwake bench`: measure against what a user would run instead, in the same run on the same cores.

The measurements are scripts in the folder ``benchmarks/`` of a checkout; the installed package has none.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailwake.errors import BadInput, MailwakeError

#: Order of `all`: the three that face the world first.
_FIRST = ("edge", "compose", "log")


def command(
    what: Annotated[str, typer.Argument(help="edge, compose, log, another script's name, or all.")] = "all",
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of one measurement.")] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a benchmark.")] = False,
) -> None:
    """Measure speed side by side with peers and print ratios. Needs a checkout; nothing else should run meanwhile.

    Example: mailwake bench edge --seconds 3
    """
    scripts = find_scripts(Path(__file__).parents[3] / "benchmarks")
    if what != "all" and what not in scripts:
        raise BadInput(f"there is no benchmark {what!r}; choose one of {', '.join(scripts)}, all")
    failed = []
    for name in scripts if what == "all" else (what,):
        if not as_json:
            print(f"== {name}", flush=True)
        more = ["--json"] if as_json else []
        done = subprocess.run([sys.executable, scripts[name], "--seconds", str(seconds), *more], check=False)
        if done.returncode:
            failed.append(name)
    if failed:
        raise MailwakeError(f"these did not finish: {', '.join(failed)}")


def find_scripts(folder: Path) -> dict[str, Path]:
    """Benchmarks by name, in the order they are run.

    Raises:
        BadInput: this is no checkout.
    """
    found = {path.stem: path for path in sorted(folder.glob("*.py"))}
    if not found:
        raise BadInput("benchmarks are scripts of a checkout, and this is an installed package; clone the repository")
    return {name: found[name] for name in sorted(found, key=lambda name: (name not in _FIRST, name))}
