"""A report counts once, lines that share everything are one, and a flood ends."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postmaster.reports import GZIPPED, NOW, PLAIN, changed, mailed, numbered, zipped

from mailwake.events import SECOND, Micros
from mailwake.postmaster import intake as room
from mailwake.postmaster.dmarc import DAY
from mailwake.postmaster.intake import KEPT_DAYS, Intake
from mailwake.store.state import StateStore, open_state

EVER = Micros(0)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    state = open_state(tmp_path / "state.sqlite")
    yield state
    state.close()


def intake(state: StateStore, now: Micros = NOW) -> Intake:
    return Intake(state, {"192.0.2.10": "Example Hosting"}.get, clock=lambda: now)


def copies(state: StateStore) -> int:
    return sum(each.row.copies for each in state.dmarc_sums(since=EVER))


def test_a_report_is_kept_once_however_often_it_comes(state: StateStore) -> None:
    takes = intake(state)
    [first] = takes.take(PLAIN)
    assert (first.what, first.copies) == ("kept", 200)
    assert [each.what for raw in (PLAIN, GZIPPED, mailed(GZIPPED)) for each in takes.take(raw)] == ["known"] * 3
    assert copies(state) == 200
    assert [each.what for each in takes.take(numbered("2"))] == ["kept"]
    assert [each.what for each in takes.take(numbered("2", "other.example"))] == ["kept"]
    assert copies(state) == 600


def test_a_number_is_another_report_on_another_domain(state: StateStore) -> None:
    """RFC 9990: it is unique among the reports on one domain, and some providers count per domain."""
    takes = intake(state)
    other = PLAIN.replace(b"Example.com", b"Example.net")
    assert [each.what for raw in (PLAIN, other, PLAIN, other) for each in takes.take(raw)] == [
        "kept", "kept", "known", "known",
    ]  # fmt: skip
    assert copies(state) == 400


#: The two tables as they were until version 0023.
OLD = """
DROP TABLE dmarc_rows; DROP TABLE dmarc_reports;
CREATE TABLE dmarc_reports (
  id INTEGER NOT NULL, organisation VARCHAR(255) NOT NULL, report_id VARCHAR(255) NOT NULL,
  domain VARCHAR(253) NOT NULL, policy VARCHAR(10) NOT NULL, begins BIGINT NOT NULL, ends BIGINT NOT NULL,
  noted_at BIGINT NOT NULL, CONSTRAINT pk_dmarc_reports PRIMARY KEY (id),
  CONSTRAINT uq_dmarc_reports_organisation_report_id UNIQUE (organisation, report_id));
CREATE INDEX ix_dmarc_reports_begins ON dmarc_reports (begins);
CREATE INDEX ix_dmarc_reports_noted_at ON dmarc_reports (noted_at);
CREATE TABLE dmarc_rows (
  id INTEGER NOT NULL, report BIGINT NOT NULL, source VARCHAR(45) NOT NULL, operator VARCHAR(100),
  header_from VARCHAR(253) NOT NULL, disposition VARCHAR(10) NOT NULL, dkim BOOLEAN NOT NULL, spf BOOLEAN NOT NULL,
  copies BIGINT NOT NULL, CONSTRAINT pk_dmarc_rows PRIMARY KEY (id),
  CONSTRAINT fk_dmarc_rows_report_dmarc_reports FOREIGN KEY(report) REFERENCES dmarc_reports (id) ON DELETE CASCADE);
CREATE INDEX ix_dmarc_rows_report ON dmarc_rows (report);
UPDATE alembic_version SET version_num = '0023';
"""


def test_reports_of_an_earlier_version_stay_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    open_state(path).close()
    made = sqlite3.connect(path)
    made.executescript(OLD)
    made.execute(
        "INSERT INTO dmarc_reports VALUES (5, 'acme.example', '9391651994964116463', 'example.com', 'none', ?, ?, ?)",
        (NOW, NOW, NOW),
    )
    made.execute("INSERT INTO dmarc_rows VALUES (9, 5, '192.0.2.10', NULL, 'example.com', 'none', 1, 1, 70)")
    made.commit()
    made.close()
    state = open_state(path)
    assert copies(state) == 70
    takes = intake(state)
    assert [each.what for each in takes.take(PLAIN)] == ["known"]
    assert [each.what for each in takes.take(PLAIN.replace(b"Example.com", b"Example.net"))] == ["kept"]
    state.forget_told(before=Micros(NOW + DAY * SECOND), day="2026-01-01")
    assert copies(state) == 0, "lines still go with their reports"
    state.close()


def test_the_operator_of_a_server_is_kept_with_it(state: StateStore) -> None:
    intake(state).take(PLAIN)
    assert {each.row.source: each.row.operator for each in state.dmarc_sums(since=EVER)} == {
        "192.0.2.10": "Example Hosting", "198.51.100.7": None, "2001:db8::25": None,
    }  # fmt: skip


def test_one_bad_report_holds_up_no_other(state: StateStore) -> None:
    told = intake(state).take(zipped(b"<broken", PLAIN))
    assert [each.what for each in told] == ["refused", "kept"]
    assert "broken" in told[0].why


def test_what_holds_no_report_says_nothing_and_a_bad_archive_says_why(state: StateStore) -> None:
    assert intake(state).take(b"words") == []
    assert [each.what for each in intake(state).take(GZIPPED[:50])] == ["refused"]


def test_lines_that_share_everything_are_added_up(state: StateStore) -> None:
    raw = changed("198.51.100.7", "192.0.2.10").replace(b"news.example.com.", b"example.com")
    intake(state).take(raw.replace(b"<dkim>pass</dkim><spf>fail", b"<dkim>pass</dkim><spf>pass"))
    assert sorted(each.row.copies for each in state.dmarc_sums(since=EVER)) == [50, 150]


def test_a_flood_of_made_up_reports_ends(state: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_A_DAY", 3)
    told = [each for number in range(5) for each in intake(state).take(numbered(str(number)))]
    assert [each.what for each in told] == ["kept"] * 3 + ["refused"] * 2
    later = Micros(NOW + (DAY + 1) * SECOND)
    assert [each.what for each in intake(state, later).take(numbered("9"))] == ["kept"]


def test_old_reports_are_neither_taken_nor_kept(state: StateStore) -> None:
    intake(state).take(PLAIN)
    late = Micros(NOW + (KEPT_DAYS + 1) * DAY * SECOND)
    intake(state).forget()
    assert copies(state) == 200
    intake(state, late).forget()
    assert copies(state) == 0
    [again] = intake(state, late).take(PLAIN)
    assert (again.what, again.why) == ("refused", "it is older than 400 days")
