"""The SQLite file: made by whoever comes first, migrated forward, shared by processes."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import mailwake.store.access.tables
import mailwake.store.audit.tables
import mailwake.store.crm.tables
import mailwake.store.native.tables
import mailwake.store.postmaster.tables
import mailwake.store.rights.tables
import mailwake.store.watch.tables
import mailwake.store.withdrawals.tables
import mailwake.store.workflows.tables  # noqa: F401 - their tables are the schema's too
from mailwake.errors import Unavailable
from mailwake.events import Handle, Micros
from mailwake.store.consent.chain import breaks
from mailwake.store.state import Goal, Unsubscribe, open_state
from mailwake.store.state.migrate import migrate, newest
from mailwake.store.state.schema import VERSION, metadata

OPEN_AND_WORK = """
import sys
from mailwake.store.state import open_state
store = open_state(sys.argv[1])
campaign = store.campaign("shared", now=1)
mine = [f"p{n}@example.com" for n in range(200)]
handles = store.handles(mine, now=1)
for n in range(20):
    store.suppress(handles[mine[n]], reason=sys.argv[2], source="test", at=n)
print(campaign.id, sorted(handles.items()))
"""

OPEN = """
import sys
from mailwake.store.state import open_state
open_state(sys.argv[1])
print("alembic" in sys.modules)
"""


@pytest.mark.long
@pytest.mark.parametrize("many", [2, pytest.param(6, marks=pytest.mark.long)])
def test_many_processes_may_open_an_empty_folder_at_once(tmp_path: Path, many: int) -> None:
    path = tmp_path / "data" / "state.sqlite"
    command = [sys.executable, "-W", "error", "-c", OPEN_AND_WORK, str(path)]
    running = [
        subprocess.Popen([*command, f"reason {number}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for number in range(many)
    ]
    told = [process.communicate() for process in running]
    assert [errors for _, errors in told] == [""] * many
    assert len({output for output, _ in told}) == 1
    store = open_state(path)
    assert len(store.campaigns()) == 1
    handle = store.known_handles(["p3@example.com"])["p3@example.com"]
    assert len(store.suppressions(handle)) == many
    store.close()


def test_threads_share_one_store(tmp_path: Path) -> None:
    store = open_state(tmp_path / "state.sqlite")
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(20):
                store.handles([f"p{step}@example.com"], now=Micros(1))
                store.put_value(f"thread {number}", str(step))
        except BaseException as fault:  # noqa: BLE001 - reported below
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [store.value(f"thread {number}") for number in range(8)] == ["19"] * 8
    store.close()


def test_a_handle_made_by_another_process_is_seen_at_once(tmp_path: Path) -> None:
    late = open_state(tmp_path / "state.sqlite", new_handle=lambda: 7)
    early = open_state(tmp_path / "state.sqlite", new_handle=lambda: 5)
    assert early.handles(["ann@example.com"], now=Micros(1)) == {"ann@example.com": 5}
    assert late.handles(["ann@example.com"], now=Micros(1)) == {"ann@example.com": 5}
    late.close()
    early.close()


def test_the_migrations_build_exactly_the_tables_of_the_schema(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'state.sqlite'}")
    migrate(engine, None)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == VERSION
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    engine.dispose()
    assert differences == []


def test_a_new_file_begins_as_the_migrations_would_leave_it(tmp_path: Path) -> None:
    open_state(tmp_path / "state.sqlite").close()
    made = sqlite3.connect(tmp_path / "state.sqlite")
    begun = [statement.replace("\n", " ") for statement in made.iterdump()][1:-1]
    made.close()
    assert begun == list(newest()), "run `make docs`"


def test_a_store_of_this_version_opens_without_the_machinery_of_migrations(tmp_path: Path) -> None:
    open_state(tmp_path / "state.sqlite").close()
    told = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path / "state.sqlite")], capture_output=True, text=True, check=True
    )
    assert told.stdout == "False\n"


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    store = open_state(tmp_path / "state.sqlite")
    store.suppress(Handle(1), reason="bounced", source="bounce", at=Micros(1))
    store.close()
    again = open_state(tmp_path / "state.sqlite")
    assert set(again.suppressed([Handle(1)])) == {1}
    again.close()


#: of later versions
CRM = (
    "people",
    "individuals",
    "users",
    "marks",
    "campaigns",
    "members",
    "outbox",
    "written",
    "journal",
    "point_consents",
)
WORKFLOWS = ("workflow_entries", "workflow_rules")
ACCESS = ("access_keys", "access_sessions", "access_users")
SINCE_0010 = (
    *ACCESS,
    "audit_cuts",
    "audit_lines",
    "dmarc_rows",
    "dmarc_reports",
    "postmaster_figures",
    "erasures",
    "errands",
    "consent_requests",
    "consent_texts",
    "erased_handles",
    "native_lists",
    "native_mails",
    "recording_stops",
    "link_decisions",
    "link_targets",
    "link_alarms",
    "crm_closings",
)
SINCE_0008 = (*SINCE_0010, *WORKFLOWS, *(f"crm_{name}" for name in CRM))
SINCE_0006 = (
    *SINCE_0008,
    "goals",
    "holdouts",
    "experiment_letters",
    "experiments",
)


def forget_the_chain(connection: sqlite3.Connection) -> None:
    """Make the ledger of consent what it was before version 0011, and take out the column of 0020."""
    connection.execute("alter table exchangers drop column route")
    connection.execute("delete from meta where name = 'consent_head'")
    for column in ("noted_at", "method", "text", "text_sha256", "locale", "actor", "url", "proof", "previous", "hash"):
        connection.execute(f"alter table consent_ledger drop column {column}")


def test_what_was_said_before_there_was_a_chain_is_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    store = open_state(path)
    for number, source in enumerate(("edge", "salesforce", "ünknown"), 1):
        store.set_consent(Handle(number), axis="both", state="withdrawn", at=Micros(number), source=source)
    before, modes = list(store.ledger()), store.inert()
    store.close()
    connection = sqlite3.connect(path)
    for table in ("crm_point_consents", *SINCE_0010):
        connection.execute(f"drop table {table}")
    connection.execute("alter table crm_people drop column has_open_deal")
    forget_the_chain(connection)
    connection.execute("update alembic_version set version_num = '0010'")
    connection.commit()
    connection.close()
    again = open_state(path)
    assert list(again.ledger()) == before
    assert again.inert() == modes
    again.set_consent(Handle(1), axis="opens", state="granted", at=Micros(9), source="form")
    assert list(breaks(again.ledger(), again.consent_head)) == []
    again.close()


def test_a_store_of_the_version_before_is_brought_forward_without_loss(tmp_path: Path) -> None:
    """As version 0004 left it: a suppression of which nobody knew who added it, an unsubscription without its mail."""
    path = tmp_path / "state.sqlite"
    store = open_state(path)
    left = Unsubscribe(id=7, handle=Handle(2), at=Micros(5), how="button", domain="a.example", network=3)
    store.suppress(Handle(1), reason="bounced", source="bounce", at=Micros(1))
    store.put_unsubscribe(left, source="edge", streams=["marketing"], is_looked_at=False)
    before = store.suppressions(Handle(1)), store.unsubscribes_by(Handle(2)), store.new_unsubscribes()
    store.close()
    connection = sqlite3.connect(path)
    for table in (*SINCE_0006, "segment_sizes", "segment_members", "segments"):
        connection.execute(f"drop table {table}")
    forget_the_chain(connection)
    connection.execute("drop index ix_suppressions_reason")
    connection.execute("alter table suppressions drop column put_by")
    for column in ("template", "delivery", "link", "p_human", "verdict", "proof"):
        connection.execute(f"alter table unsubscribes drop column {column}")
    connection.execute("update alembic_version set version_num = '0004'")
    connection.commit()
    connection.close()
    again = open_state(path)
    assert (again.suppressions(Handle(1)), again.unsubscribes_by(Handle(2)), again.new_unsubscribes()) == before
    assert set(again.suppressed([Handle(1), Handle(2)])) == {1, 2}
    assert again.segments() == []
    again.close()


def test_segments_come_into_a_store_of_the_version_before_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    store = open_state(path)
    known = store.handles(["ann@example.com"], now=Micros(1))
    campaign = store.campaign("Spring", now=Micros(1))
    store.suppress(Handle(1), reason="bounced", source="bounce", at=Micros(1))
    store.close()
    connection = sqlite3.connect(path)
    for table in (*SINCE_0006, "segment_sizes", "segment_members", "segments"):
        connection.execute(f"drop table {table}")
    forget_the_chain(connection)
    connection.execute("update alembic_version set version_num = '0005'")
    connection.commit()
    connection.close()
    again = open_state(path)
    assert again.known_handles(["ann@example.com"]) == known
    assert (again.campaigns(), set(again.suppressed([Handle(1)]))) == ([campaign], {1})
    made = again.put_segment("Spring people", "sent", is_live=False, members=[Handle(5)], now=Micros(2), by="test")
    assert again.segments() == [made]
    again.close()


def test_the_file_is_for_its_owner_alone_and_safe_against_power_cuts(tmp_path: Path) -> None:
    path = tmp_path / "data" / "state.sqlite"
    store = open_state(path)
    store.put_value("a", "b")
    modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    open_state(path).close()
    connection = sqlite3.connect(path)
    connection.execute("update alembic_version set version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(Unavailable, match="newer Mailwake"):
        open_state(path)


def test_a_file_that_is_no_database_is_named_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"this is not a database, it only has its name" * 100)
    with pytest.raises(Unavailable, match="damaged"):
        open_state(path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot open"):
        open_state(tmp_path / "file" / "state.sqlite")


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    numbers = iter([1, 2, 2])  # the third recipient gets a handle that is taken
    store = open_state(tmp_path / "state.sqlite", new_handle=lambda: next(numbers))
    with pytest.raises(Exception, match="UNIQUE"):
        store.handles(["a@example.com", "b@example.com", "c@example.com"], now=Micros(1))
    assert store.known_handles(["a@example.com", "b@example.com", "c@example.com"]) == {}
    store.close()


def test_goals_come_into_a_store_of_the_version_before_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    store = open_state(path)
    campaign = store.campaign("Spring", now=Micros(1))
    store.close()
    connection = sqlite3.connect(path)
    for table in SINCE_0006:
        connection.execute(f"drop table {table}")
    forget_the_chain(connection)
    connection.execute("update alembic_version set version_num = '0006'")
    connection.commit()
    connection.close()
    again = open_state(path)
    goal = Goal(name="purchase", window_days=30, value=None, currency="", created_at=Micros(1), made_by="ann")
    assert again.goals() == {}
    assert [again.put_goal(goal), again.put_goal(goal)] == [True, False]
    again.put_holdouts(campaign.id, {Handle(5): True}, now=Micros(3))
    again.put_holdouts(campaign.id, {Handle(5): False, Handle(6): False}, now=Micros(4))
    assert again.holdouts(campaign.id) == {Handle(5): (Micros(3), True), Handle(6): (Micros(4), False)}
    assert again.goals() == {"purchase": goal}
    assert [again.delete_goal("purchase"), again.delete_goal("purchase")] == [True, False]
    again.close()


READS = """
import sys
from mailwake.store.state import open_state
store = open_state(sys.argv[1])
print(len(store.suppressions(1)))
store.close()
"""


@pytest.mark.long
def test_another_process_that_lets_go_takes_nothing_away(tmp_path: Path) -> None:
    """Opening a store twice in one process kept no lock, so that somebody else's exit removed the write-ahead log."""
    path = tmp_path / "state.sqlite"
    first = open_state(path)
    first.suppress(Handle(1), reason="a", source="x", at=Micros(1))
    second = open_state(path)
    told = []
    for reason in ("b", "c"):
        first.suppress(Handle(1), reason=reason, source="x", at=Micros(1))
        second.suppressions(Handle(1))
        done = subprocess.run([sys.executable, "-c", READS, str(path)], capture_output=True, text=True, check=True)
        told.append(done.stdout.strip())
    assert told == ["2", "3"]
    first.close()
    second.close()
