"""`mailwake salesforce reconcile`: reads an org over a real socket, compares, and changes nothing anywhere else."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.crm.house import NOW
from tests.native.test_reading import ANN, BOB, mail, put, show
from tests.pushing.orgs import APP, USER, Place, opened

from mailwake.cli.salesforce import reconcile
from mailwake.errors import Misconfigured

HOUR = 3_600_000_000


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An org whose clock is this machine's, with a mail that a machine opened and one that never went through us."""
    with opened(tmp_path, bare=True) as found:
        show(found)
        found.order("clock", thaw=True)
        found.order("clock", advance=time.time() - NOW / 1_000_000)
        ago = NOW - time.time_ns() // 1_000
        found.house.happened(ANN, "sent", ago=ago + HOUR)
        found.house.happened(ANN, "opened", ago=ago + HOUR // 2, p_human=0.02, klass="scanner")
        sent = datetime.fromtimestamp(time.time() - 3_600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        mail(found, ANN, MessageDate=sent, FirstOpenedDate=sent)
        mail(found, BOB, MessageDate=sent)
        put(found, "ListEmail", {"Name": "=May", "Subject": "Spring", "TotalSent": 7, "ScheduledDate": sent})
        found.house.events.close()
        lines = [f'login = "{found.emulator.url}"', f'client_id = "{APP}"', f'username = "{USER}"']
        text = "\n".join(['data = "."', "[salesforce]", 'key = "file:key.pem"', *lines])
        (tmp_path / "mailwake.toml").write_text(text, encoding="utf-8")
        yield found


@pytest.mark.usefixtures("as_it_was")
def test_it_reads_compares_and_says_why(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(tmp_path / "mailwake.toml")
    reconcile(config=config, no_read=True)
    assert "never read" in capsys.readouterr().out
    reconcile(config=config)
    told = " ".join(capsys.readouterr().out.split())
    assert "2 recipients of mail there, 1 copies of ours" in told
    assert "A machine did it. Here machines are told apart" in told
    assert "=May 7 1" in told
    calls = len(place.ask("requests"))
    reconcile(config=config, no_read=True, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert {each["code"]: each["count"] for each in answer["lines"]} == {"machine_here": 1, "not_mailed": 1}
    reconcile(config=config, no_read=True, as_csv=True, days=1)
    assert capsys.readouterr().out.startswith("axis,code,verdict,count,why,records")
    assert len(place.ask("requests")) == calls, "--no-read makes no call"


@pytest.mark.usefixtures("as_it_was")
def test_calls_of_the_reading_are_counted(place: Place, tmp_path: Path) -> None:
    before = place.desk.calls_of_day()
    reconcile(config=str(tmp_path / "mailwake.toml"))
    assert place.desk.calls_of_day() > before


@pytest.mark.usefixtures("as_it_was")
def test_what_is_hidden_is_told_apart_from_the_answer(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.order("access", user=USER, hide=["EmailMessage.IsTracked"], forbid=["ListEmailSentResult"])
    reconcile(config=str(tmp_path / "mailwake.toml"), as_json=True)
    told = capsys.readouterr()
    assert json.loads(told.out)["mails"] == 2
    assert "no ListEmailSentResult" in told.err
    assert "EmailMessage.IsTracked" in told.err


def test_one_form_at_a_time(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="choose one"):
        reconcile(config=str(tmp_path / "none.toml"), as_json=True, as_csv=True)
