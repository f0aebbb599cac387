"""Asks PyPI whether a locked version has a known weakness, and writes the bill of materials.

Exit 1 if one has. What could not be asked about is said in red and is no reason to fail: a lock is as good on a machine
without a way to PyPI's advisories, only not looked at there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOCKS = ("server", "dev")
HERE = Path(__file__).parents[1]
BILL = HERE / "build" / "sbom.cdx.json"
_SECONDS = 120


def main() -> int:
    """Audit what operators install and what developers do; then write the bill of the former."""
    found = [line for lock in LOCKS for line in weaknesses(lock, asked(lock))]
    write_bill()
    for line in found:
        print(f"\033[31m{line}\033[0m")
    return 1 if any(line.startswith("weak") for line in found) else 0


def asked(lock: str) -> dict[str, Any]:
    """What pip-audit says of a lock, as it says it; nothing where it said nothing in time."""
    words = ["-r", f"requirements/{lock}.txt", "--require-hashes", "--disable-pip", "-f", "json"]
    command = [sys.executable, "-m", "pip_audit", *words, "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=_SECONDS, check=False)
        told: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return {"dependencies": []}
    return told


def weaknesses(lock: str, told: dict[str, Any]) -> Iterator[str]:
    """One line per weakness, and one for all that nobody could say anything about."""
    rows = told["dependencies"]
    for row in rows:
        for weakness in row.get("vulns", []):
            mended = ", ".join(weakness["fix_versions"]) or "none yet"
            yield f"weak: {row['name']} {row['version']} ({lock}): {weakness['id']}; mended in {mended}"
    unseen = [row["name"] for row in rows if "skip_reason" in row]
    if unseen or not rows:
        yield f"not audited ({lock}): {len(unseen) if rows else 'all'} libraries; no advisories were reached"


def write_bill() -> None:
    """CycloneDX, the same bytes for the same lock."""
    BILL.parent.mkdir(exist_ok=True)
    words = ["requirements", "requirements/server.txt", "--pyproject", "pyproject.toml", "--output-reproducible"]
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *words, "--of", "JSON", "-o", str(BILL)]
    subprocess.run(command, cwd=HERE, check=True, capture_output=True)
    print(f"bill of materials: {BILL.relative_to(HERE)}")


if __name__ == "__main__":
    sys.exit(main())
