"""`mailwake dmarc` and `mailwake postmaster`: reports and figures in, and what they come to."""

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.postmaster.reports import GZIPPED, PLAIN, mailed
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.cli.init import make

Run = Callable[..., Result]
DAY = 86_400


def lately(raw: bytes) -> bytes:
    """The report as if it was on yesterday."""
    begin = int(time.time()) // DAY * DAY - DAY
    return raw.replace(b"1793491200", str(begin).encode()).replace(b"1793577599", str(begin + DAY - 1).encode())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command on an installation."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)

    def run(word: str, *words: str) -> Result:
        arguments = [word, "--config", str(tmp_path / "mailwake.toml"), *words]
        return CliRunner().invoke(build((word,)), arguments)

    return run


def test_reports_are_read_once_and_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml").write_bytes(lately(PLAIN))
    (tmp_path / "in" / "b.eml").write_bytes(lately(mailed(lately(PLAIN), kind="text/xml", name="b.xml")))
    done = run("dmarc", str(tmp_path / "in"))
    assert (done.exit_code, done.stdout) == (0, "1 reports kept, 1 known before, 0 refused\n")
    shown = run("dmarc").stdout
    assert "example.com: asks to put it among spam (p=quarantine)" in shown
    assert "allowed by your domain (SPF)" in shown
    answer = json.loads(run("dmarc", "--json").stdout)
    assert answer["total"]["copies"] == 200
    rows = list(csv.DictReader(io.StringIO(run("dmarc", "--csv").stdout)))
    assert [row["copies"] for row in rows if row["what"] == "reporter"] == ["200"]


def test_own_servers_are_named_in_the_settings(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "mailwake.toml").open("a") as file:
        file.write('\n[postmaster]\nown_networks = ["192.0.2.0/28"]\n')
    (tmp_path / "a.xml").write_bytes(lately(PLAIN))
    run("dmarc", str(tmp_path / "a.xml"))
    assert json.loads(run("dmarc", "--json").stdout)["origins"][0]["kind"] == "ours"


def test_what_cannot_be_read_is_named_and_the_rest_is_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.gz").write_bytes(GZIPPED[:40])
    (tmp_path / "good.xml").write_bytes(lately(PLAIN).replace(b"<count>120", b"<count>-1"))
    done = run("dmarc", str(tmp_path / "bad.gz"), str(tmp_path / "good.xml"), "--json")
    bad, good = map(json.loads, done.stdout.splitlines())
    assert done.exit_code == 1
    assert (bad["what"], good["what"], good["copies"]) == ("refused", "kept", 80)
    assert good["left_out"] == {"a count that cannot be": 1}


def test_mail_that_ingest_put_aside_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "report.eml").write_bytes(mailed(lately(PLAIN), kind="text/xml", name="b.xml"))
    keys = CliRunner().invoke(
        build(("ingest",)), ["ingest", "--config", str(tmp_path / "mailwake.toml"), str(tmp_path / "report.eml")]
    )
    assert keys.exit_code == 0, keys.output
    assert "put aside" in keys.stderr
    done = run("dmarc", "--json")
    assert json.loads(done.stdout)["reports"] == 1
    assert not list((tmp_path / "mailwake-data" / "reports-in").glob("*.eml"))


def test_nothing_known_is_said_so(run: Run) -> None:
    assert "No DMARC report is known" in run("postmaster").stdout
    assert json.loads(run("postmaster", "--json").stdout)["total"] is None


def test_figures_of_google_are_kept_and_unknown_columns_named(run: Run, tmp_path: Path) -> None:
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - DAY))
    file = tmp_path / "google.csv"
    file.write_text(f"Date,Spam rate,Weather\n{day},0.2%,fine\n")
    done = run("postmaster", str(file))
    assert done.exit_code == 1
    assert "--domain example.com" in done.stderr
    done = run("postmaster", "--domain", "example.com", str(file))
    assert done.exit_code == 0
    assert "1 figures of Postmaster Tools kept" in done.stdout
    assert "passed over: Weather" in done.stderr
    told = json.loads(run("postmaster", "--json").stdout)["gmail"]
    assert [(each["domain"], each["spam_rate"], each["standing"]) for each in told] == [
        ("example.com", 0.002, "above the watch line")
    ]
    assert "above the watch line" in run("postmaster").stdout
