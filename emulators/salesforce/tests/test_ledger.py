"""The ledger names tests that exist, and modules that do; what it calls not emulated is not answered."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from emulators.salesforce.tests.conftest import Api

HERE = Path(__file__).parent
LINES = [
    [cell.strip() for cell in line.strip("|\n ").split("|")]
    for line in (HERE.parent / "LEDGER.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| behaviour")
]


@cache
def named() -> set[str]:
    return {
        f"{path.stem}::{node.name}"
        for path in HERE.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }


def test_every_line_has_a_source_and_a_test_that_exists() -> None:
    assert len(LINES) > 60
    for behaviour, _, source, test, live in LINES:
        assert test == "not emulated" or test in named(), f"{behaviour}: {test}"
        assert all(each.strip() in "RDSCX" for each in source.split(",")) or source == "-", behaviour
        assert live == "-" or live[:2] == "20", f"{behaviour}: a date or nothing"


def test_every_module_of_the_ledger_exists() -> None:
    package = HERE.parent / "src" / "salesforce_emulator"
    for behaviour, modules, *_ in LINES:
        for each in modules.split(","):
            assert each == "-" or list(package.glob(f"{each.strip()}*")), f"{behaviour}: {each}"


def test_what_is_not_emulated_is_not_answered(stray: Api) -> None:
    for method, path in (
        ("POST", "/composite/graph"),
        ("POST", "/composite/batch"),
        ("POST", "/composite/tree/Contact"),
        ("PATCH", "/consent/action/email"),
    ):
        assert stray.ask(method, path, {}).status_code in (405, 501), path
