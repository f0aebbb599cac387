"""What is locked is at least as new as the advisories ask, is audited, and stands in the bill of materials."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("server", "dev", "bench")
FLOORS = tomllib.loads((ROOT / "requirements" / "floors.toml").read_text(encoding="utf-8"))
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([0-9][^ ;\\]*)", re.MULTILINE)


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    found = importlib.util.spec_from_file_location("audit", ROOT / "tools" / "audit_dependencies.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def pins(lock: str) -> list[tuple[str, str]]:
    return _PIN.findall((ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8"))


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_version_is_one_with_a_weakness_known_to_us(lock: str) -> None:
    locked = pins(lock)
    assert len(locked) > 5
    floors = FLOORS["libraries"]
    wrong = [
        f"{name} {version}: {floors[name]['advisory']}"
        for name, version in locked
        if name in floors and number(version) < number(floors[name]["version"])
    ]
    assert not wrong


def test_every_locked_version_names_the_hashes_of_its_files() -> None:
    for lock in LOCKS:
        text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        assert text.count("==") >= len(pins(lock))
        assert all("--hash=sha256:" in part for part in re.split(r"\n(?=[a-z0-9])", text) if _PIN.match(part))
        assert "://" not in text


@pytest.mark.long
def test_every_locked_version_stands_in_the_bill_of_materials(
    audit: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = ROOT / "build" / f"{tmp_path.name}.json"
    monkeypatch.setattr(audit, "BILL", bill)
    try:
        audit.write_bill()
        told = json.loads(bill.read_text(encoding="utf-8"))
    finally:
        bill.unlink(missing_ok=True)
    assert {(row["name"], row["version"]) for row in told["components"]} == set(pins("server"))
    assert told["bomFormat"] == "CycloneDX"


def test_a_weakness_fails_and_silence_is_said_aloud(audit: ModuleType) -> None:
    weak = {"name": "left", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
    silent = {"name": "right", "skip_reason": "could not be asked"}
    lines = list(audit.weaknesses("server", {"dependencies": [weak, silent]}))
    assert lines[0] == "weak: left 1.0 (server): CVE-1; mended in 1.1"
    assert lines[1].startswith("not audited (server): 1 libraries")
    assert next(audit.weaknesses("dev", {"dependencies": []})).startswith("not audited (dev): all")
    clean = {"name": "left", "version": "1.1", "vulns": []}
    assert list(audit.weaknesses("server", {"dependencies": [clean]})) == []
