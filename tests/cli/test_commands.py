"""The command line: quick, with help and examples, and faults in one line."""

import re
import subprocess
import sys
from pathlib import Path

from tests.every import every
from typer.testing import CliRunner

from mailwake.cli import COMMANDS, build


def mailwake(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "mailwake", *words]
    return subprocess.run(program, capture_output=True, text=True, cwd=cwd, check=False, stdin=subprocess.DEVNULL)


@every("word", COMMANDS)
def test_every_command_has_help_with_an_example(word: str) -> None:
    done = CliRunner().invoke(build((word,)), [word, "--help"])
    assert done.exit_code == 0, done.output
    assert "Example" in done.stdout
    assert f"mailwake {word}" in done.stdout


def test_a_missing_config_is_one_line_and_exit_two(tmp_path: Path) -> None:
    done = mailwake("keys", "list", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "mailwake init" in done.stderr


def test_bad_input_is_one_line_and_exit_one(tmp_path: Path) -> None:
    assert mailwake("init", cwd=tmp_path).returncode == 0
    done = mailwake("init", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("mailwake: mailwake.toml is there already")
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_exit_two(tmp_path: Path) -> None:
    assert mailwake("trackify", cwd=tmp_path).returncode == 2


def test_it_says_which_version_it_is(tmp_path: Path) -> None:
    done = mailwake("--version", cwd=tmp_path)
    assert done.returncode == 0
    assert re.fullmatch(r"mailwake \d+\.\d+\.\d+\n", done.stdout)


def test_a_command_without_a_store_starts_without_what_stores_need() -> None:
    code = (
        "import sys, mailwake.cli; mailwake.cli.build(('init', 'keys', 'replay')); "
        "print({'sqlalchemy', 'duckdb'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
