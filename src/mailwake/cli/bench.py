"""`mailwake bench`: measure against what a user would run instead, in the same run on the same cores.

The measurements are scripts in the folder ``benchmarks/`` of a checkout; the installed package has none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailwake.errors import BadInput, MailwakeError

#: Order of `all`: the three that face the world first.
_FIRST = ("edge", "compose", "relay", "log")


def command(
    what: Annotated[
        list[str] | None, typer.Argument(help="edge, compose, relay, log, another script's name, or all.")
    ] = None,
    *,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of one measurement.")] = 3.0,
    corpus: Annotated[
        str, typer.Option(help="Folder of labelled mail, for bounces; default: the one of the tests.")
    ] = "",
    flames: Annotated[str, typer.Option(help="Folder for a flame graph of each, taken by py-spy.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a benchmark.")] = False,
) -> None:
    """Measure speed side by side with peers and print ratios. Needs a checkout; nothing else should run meanwhile.

    Example: mailwake bench edge compose relay log
    """
    scripts = find_scripts(Path(__file__).parents[3] / "benchmarks")
    wanted = list(scripts) if not what or "all" in what else what
    for name in wanted:
        if name not in scripts:
            raise BadInput(f"there is no benchmark {name!r}; choose one of {', '.join(scripts)}, all")
    failed = []
    for name in wanted:
        if not as_json:
            print(f"== {name}", flush=True)
        command = [sys.executable, str(scripts[name]), "--seconds", str(seconds), *(["--json"] if as_json else [])]
        if corpus and name == "bounces":
            command += ["--corpus", corpus]
        done = subprocess.run([*_flame_graph(flames, name), *command], check=False)
        if done.returncode:
            failed.append(name)
    if failed:
        raise MailwakeError(f"these did not finish: {', '.join(failed)}")


def _flame_graph(folder: str, name: str) -> list[str]:
    """What to put before a command, so that a picture of where its time goes is written."""
    if not folder:
        return []
    program = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if program is None:
        raise BadInput("py-spy is not installed; `make bench` brings it, or leave --flames out")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return [program, "record", "--subprocesses", "--output", str(Path(folder) / f"{name}.svg"), "--"]


def find_scripts(folder: Path) -> dict[str, Path]:
    """Benchmarks by name, in the order they are run.

    Raises:
        BadInput: this is no checkout.
    """
    found = {path.stem: path for path in sorted(folder.glob("*.py"))}
    if not found:
        raise BadInput("benchmarks are scripts of a checkout, and this is an installed package; clone the repository")
    return {name: found[name] for name in sorted(found, key=lambda name: (name not in _FIRST, name))}
