"""`mailwake update-data`: offline, dated, and never backwards."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailwake.origins.databases import SHIPPED, Database, made_on
from mailwake.origins.ranges import AsnTable


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a settings file and nothing else."""
    (tmp_path / "mailwake.toml").write_text('data = "data"\n', encoding="utf-8")
    return tmp_path


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "mailwake", "update-data", *words]
    return subprocess.run(program, capture_output=True, text=True, cwd=home, check=False)


def test_it_tells_what_is_in_use(home: Path) -> None:
    done = run(home=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{kind.name.lower()}: made {made_on(kind, SHIPPED / kind.value)}, in the package" for kind in Database
    ]


def test_it_installs_a_file_and_tells_of_it(home: Path) -> None:
    (home / "asn-ipv4.csv").write_text("8.8.8.0,8.8.8.255,15169,Google LLC\n", encoding="utf-8")
    (home / "asn-ipv6.csv").write_text("2001:4860::,2001:4860:ffff::,15169,Google LLC\n", encoding="utf-8")
    done = run("--from", "asn-ipv4.csv", home=home)
    assert done.returncode == 0, done.stderr
    assert "asn: installed the list of" in done.stdout
    assert AsnTable(home / "data" / "enrich" / "asn.bin").organisation(15169) == "Google LLC"
    assert "installed in" in run("--asn", home=home).stdout


def test_an_older_file_is_refused(home: Path) -> None:
    for name in ("asn-ipv4.csv", "asn-ipv6.csv"):
        (home / name).write_text("8.8.8.0,8.8.8.255,15169,Google LLC\n", encoding="utf-8")
        os.utime(home / name, (1_600_000_000, 1_600_000_000))
    done = run("--from", "asn-ipv4.csv", home=home)
    assert done.returncode == 1
    assert "newer" in done.stderr


def test_the_wrong_kind_is_refused(home: Path) -> None:
    done = run("--asn", "--from", str(SHIPPED / "country.mmdb"), home=home)
    assert done.returncode == 1
    assert "holds country, not asn" in done.stderr
    assert not (home / "data").exists()


def test_a_file_that_is_none_is_one_line_and_exit_one(home: Path) -> None:
    (home / "x.tgz").write_bytes(gzip.compress(b"no archive"))
    done = run("--from", "x.tgz", home=home)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_both_filters_at_once_are_refused(home: Path) -> None:
    assert run("--country", "--asn", home=home).returncode == 1


def test_a_named_mmdb_is_told_and_checked(home: Path) -> None:
    (home / "mailwake.toml").write_text('[enrich]\ncountry_mmdb = "mine.mmdb"\n', encoding="utf-8")
    missing = run("--country", home=home)
    assert missing.returncode == 2
    assert "enrich.country_mmdb" in missing.stderr
    shutil.copy(SHIPPED / "country.mmdb", home / "mine.mmdb")
    assert "named in [enrich]" in run("--country", home=home).stdout
