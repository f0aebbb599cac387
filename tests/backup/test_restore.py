"""Backups taken at random moments of a running installation, put back, and counted against what was logged."""

import random
import shutil
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from tests.pipeline.house import House as Pipeline
from tests.pipeline.house import after, hit, sent
from tests.rights.house import ADA, GRACE, bytes_of, house, installation, opened_again

from mailwake.backup.checking import check, unsaved
from mailwake.backup.manifest import NAME, read
from mailwake.backup.restoring import restore
from mailwake.backup.taking import take
from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.events import Event, EventType, Handle, Micros, encode_event
from mailwake.settings import load
from mailwake.store.state import open_state

WRITERS = ("edge-0", "edge-1", "relay")
#: an event of each segment, so that counts can be told from segments
PER_SEGMENT = 5


def segment(number: int, writer: int) -> list[Event]:
    """What a writer logs as its n-th segment: a copy sent, opened, clicked, and another whose reader leaves."""
    one, other = (number * 10 + writer) * 2, (number * 10 + writer) * 2 + 1
    leaves = hit(EventType.UNSUBSCRIBED, 120, delivery=other, key=f"left:{other}")
    clicked = hit(EventType.CLICKED, 90, delivery=one, link=1)
    return [sent(one), sent(other), hit(EventType.OPENED, 60, delivery=one), clicked, leaves]


class Running:
    """Three writers and the pipeline at work, until told to stop."""

    def __init__(self, pipeline: Pipeline, seed: int) -> None:
        self.pipeline, self.chance = pipeline, random.Random(seed)
        self.stop = threading.Event()
        self.written: Counter[str] = Counter()
        self.threads = [threading.Thread(target=self.write, args=(each,)) for each in range(len(WRITERS))]
        self.threads.append(threading.Thread(target=self.work))

    def write(self, writer: int) -> None:
        folder = self.pipeline.folder / "log"
        while not self.stop.is_set() and self.written[WRITERS[writer]] < 400:
            number = self.written[WRITERS[writer]] + 1
            records = [encode_event(event) for event in segment(number, writer)]
            append_now(folder, WRITERS[writer], records, clock=lambda: after(200))
            self.written[WRITERS[writer]] = number

    def work(self) -> None:
        while not self.stop.is_set():
            self.pipeline.worker.run_once()

    def __enter__(self) -> "Running":
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for each in self.threads:
            each.join()


@pytest.mark.parametrize(
    ("seed", "backups"),
    [(0, 1), pytest.param(0, 3, marks=pytest.mark.long), pytest.param(1, 3, marks=pytest.mark.long)],
)
def test_counts_are_those_of_the_log_and_what_was_answered_before_is_there(
    tmp_path: Path, seed: int, backups: int
) -> None:
    root = tmp_path / "running"
    root.mkdir()
    config = installation(root)
    settings, chance = load(config), random.Random(seed)
    pipeline = Pipeline(settings.data_folder)
    taken: list[tuple[Path, Counter[str]]] = []
    with Running(pipeline, seed) as running:
        for number in range(backups):
            until = sum(running.written.values()) + chance.randrange(1, 40)
            while sum(running.written.values()) < until and any(each.is_alive() for each in running.threads[:-1]):
                running.stop.wait(0.001)
            answered = Counter(running.written)
            take(settings, config, tmp_path / f"backup-{number}", events=pipeline.events.copy_to)
            taken.append((tmp_path / f"backup-{number}", answered))
    pipeline.close()
    for number, (backup, answered) in enumerate(taken):
        assert check(backup)[1] == []
        done = restore(backup, tmp_path / f"restored-{number}")
        assert (done.missing, done.forgotten.erased) == ((), 0)
        with opened_again(tmp_path / f"restored-{number}") as found:
            ends = done.manifest.ends
            assert all(ends.get(writer, 0) >= answered[writer] for writer in WRITERS)
            assert all(ends[writer] >= segments for writer, segments in done.manifest.cursors.items())
            found.pipeline.work()
            logged = sum(ends.values())
            assert found.pipeline.events.ask("latest")[0]["event_count"] == logged * PER_SEGMENT
            counts = found.pipeline.events.ask("campaign_counts", campaign=1)[0]
            assert (counts["sent"], counts["unsubscribed"]) == (2 * logged, logged)
            left = {
                event.recipient
                for writer, end in ends.items()
                for n in range(1, end + 1)
                for event in segment(n, WRITERS.index(writer))
                if event.type is EventType.UNSUBSCRIBED
            }
            told = found.pipeline.state.suppressed([Handle(each) for each in left if each])
            assert set(told) == left
            append_now(found.data / "log", "edge-0", [b"x"])
            with closing(SqliteReader(found.data / "log")) as reader:
                assert reader.read({"edge-0": ends["edge-0"]}, limit_records=10)[0].number == ends["edge-0"] + 1


def taken_before(tmp_path: Path, *, with_keys: bool = True) -> tuple[Path, Path]:
    """A backup of an installation that knows Ada and Grace; then Ada is erased and Grace withdraws. Root and backup."""
    root, backup = tmp_path / "running", tmp_path / "backup"
    root.mkdir()
    with house(root) as found:
        found.pipeline.state.suppress(found.handle(ADA), reason="complained", source="x", at=found.pipeline.now)
        take(found.settings, found.config, backup, events=found.pipeline.events.copy_to, with_keys=with_keys)
        found.own.eraser.erase(found.handle(ADA), by="me")
        state, now = found.pipeline.state, Micros(found.pipeline.now + 1)
        state.set_consent(found.handle(GRACE), axis="both", state="withdrawn", at=now, source="x")
        found.own.office().remembering.look()
    return root, backup


def test_nobody_comes_back_who_was_erased_or_withdrew_since(tmp_path: Path) -> None:
    root, backup = taken_before(tmp_path)
    assert b"ada.canary" in bytes_of(backup)
    done = restore(backup, tmp_path / "restored", ledger=root / "forgotten.log")
    assert (done.forgotten.erased, done.forgotten.withdrawn) == (1, 1)
    assert b"ada.canary" not in bytes_of(tmp_path / "restored", but=("log",))
    with opened_again(tmp_path / "restored") as found:
        state = found.pipeline.state
        assert state.known_handles([ADA]) == {}
        assert found.handle(GRACE) in state.inert()
        assert set(found.pipeline.inert()) == set(state.inert())
        assert found.counts()[0]["clicked_human"] == 2
        found.pipeline.work()
        new = state.handles([ADA], now=found.pipeline.now)[ADA]
        assert {row.reason for row in state.suppressions(new)} == {"complained"}


@pytest.mark.long
def test_a_ledger_elsewhere_that_is_in_use_loses_nothing(tmp_path: Path) -> None:
    root, backup, live = tmp_path / "running", tmp_path / "backup", tmp_path / "elsewhere" / "erasures.log"
    root.mkdir()
    live.parent.mkdir()
    with house(root, more=f'\n[privacy]\nledger = "{live}"\n') as found:
        found.own.eraser.erase(found.handle(GRACE), by="me")
        older = Path(shutil.copy(live, tmp_path / "old.log"))
        take(found.settings, found.config, backup, events=found.pipeline.events.copy_to)
        found.own.eraser.erase(found.handle(ADA), by="me")
    before = live.read_bytes()
    for number, ledger in enumerate((older, live, None)):
        done = restore(backup, tmp_path / f"restored-{number}", ledger=ledger)
        assert live.read_bytes() == before
        assert done.forgotten.erased == 1
        assert b"ada.canary" not in bytes_of(tmp_path / f"restored-{number}", but=("log",))
    newer = Path(shutil.move(live, tmp_path / "new.log"))
    live.parent.rmdir()
    assert restore(backup, tmp_path / "restored", ledger=newer).forgotten.erased == 1
    assert live.read_bytes() == before


@pytest.mark.parametrize(
    "name",
    [
        "gone/erasures.log",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("mailwake-data/erasures.log", "forgotten.log")),
    ],
)
def test_the_ledger_comes_back_where_the_settings_look_for_it(tmp_path: Path, name: str) -> None:
    root, backup, again = tmp_path / "running", tmp_path / "backup", tmp_path / "again"
    root.mkdir()
    (root / "gone").mkdir()
    with house(root, more=f'\n[privacy]\nledger = "{name}"\n') as found:
        found.own.eraser.erase(found.handle(ADA), by="me")
        take(found.settings, found.config, backup, events=found.pipeline.events.copy_to)
        older = Path(shutil.copy(root / name, tmp_path / "old.log"))
        found.own.eraser.erase(found.handle(GRACE), by="me")
    assert (backup / "settings" / "forgotten.log").is_file()
    assert restore(backup, again).forgotten.erased == 0
    assert (again / name).read_bytes() == older.read_bytes()
    assert [path.relative_to(again) for path in again.rglob("*.log") if path.parent.name != "log"] == [Path(name)]
    assert restore(backup, tmp_path / "newer", ledger=root / name).forgotten.erased == 1
    assert (tmp_path / "newer" / name).read_bytes() == (root / name).read_bytes()


def test_what_is_no_ledger_is_refused_before_anything_is_restored(tmp_path: Path) -> None:
    _, backup = taken_before(tmp_path)
    (tmp_path / "garbage.log").write_bytes(b"\x89PNG\r\n\x00")
    with pytest.raises(BadInput, match=r"garbage\.log line 1 is no line .* nothing was restored"):
        restore(backup, tmp_path / "restored", ledger=tmp_path / "garbage.log")
    assert not (tmp_path / "restored").exists()


def test_keys_that_were_left_out_are_named_and_put_back(tmp_path: Path) -> None:
    root, backup = taken_before(tmp_path, with_keys=False)
    key = (root / "mailwake.keys").read_bytes()
    assert key not in bytes_of(backup)
    done = restore(backup, tmp_path / "one", ledger=root / "forgotten.log")
    assert {str(each) for each in done.missing} == {"mailwake.keys", "data/erased.key"}
    with (
        closing(open_state(tmp_path / "one" / "mailwake-data" / "state.sqlite")) as state,
        pytest.raises(Unavailable, match=r"erased\.key is missing"),
    ):
        state.handles([ADA], now=Micros(1))
    keys = tmp_path / "keys"
    keys.mkdir()
    shutil.copy(root / "mailwake.keys", keys)
    shutil.copy(root / "mailwake-data" / "erased.key", keys)
    assert restore(backup, tmp_path / "two", ledger=root / "forgotten.log", keys=keys).missing == ()
    assert (tmp_path / "two" / "mailwake.keys").read_bytes() == key


def without_reference(root: Path) -> Path:
    """Settings that say nowhere where the keys are; they are where they are by default."""
    config = root / "mailwake.toml"
    lines = config.read_text(encoding="utf-8").splitlines(keepends=True)
    config.write_text("".join(each for each in lines if not each.startswith(("[keys]", "ref ="))), encoding="utf-8")
    return config


def test_keys_at_their_default_place_are_in_it_too(tmp_path: Path) -> None:
    root = tmp_path / "running"
    root.mkdir()
    with house(root) as found:
        config, events = without_reference(root), found.pipeline.events.copy_to
        take(load(config), config, tmp_path / "with", events=events)
        done = take(load(config), config, tmp_path / "without", events=events, with_keys=False)
    key = (root / "mailwake.keys").read_bytes()
    assert set(done.manifest.left_out) == {"mailwake.keys", "data/erased.key"}
    assert key not in bytes_of(tmp_path / "without")
    assert unsaved(tmp_path / "with", check(tmp_path / "with")[0]) == []
    assert unsaved(tmp_path / "without", done.manifest) == []
    assert restore(tmp_path / "with", tmp_path / "again").missing == ()
    assert (tmp_path / "again" / "mailwake.keys").read_bytes() == key


@pytest.mark.long
def test_an_older_backup_that_lacks_the_keys_says_so_and_takes_them(tmp_path: Path) -> None:
    root, backup = taken_before(tmp_path)
    manifest = read(backup)
    files = tuple(each for each in manifest.files if not each.path.endswith("mailwake.keys"))
    assert len(files) == len(manifest.files) - 1
    older = msgspec.structs.replace(manifest, files=files)
    (backup / NAME).write_bytes(msgspec.json.encode(older))
    (backup / "settings" / "mailwake.keys").unlink()
    assert check(backup)[1] == []
    assert [each.partition(",")[0] for each in unsaved(backup, older)] == ["mailwake.keys"]
    assert restore(backup, tmp_path / "one").missing == (Path("mailwake.keys"),)
    assert restore(backup, tmp_path / "two", keys=root).missing == ()
    assert (tmp_path / "two" / "mailwake.keys").read_bytes() == (root / "mailwake.keys").read_bytes()


def test_a_backup_that_is_not_whole_is_not_restored(tmp_path: Path) -> None:
    _, backup = taken_before(tmp_path)
    state = backup / "data" / "state.sqlite"
    raw = bytearray(state.read_bytes())
    raw[5_000] ^= 1
    state.write_bytes(raw)
    assert len(check(backup)[1]) == 1
    with pytest.raises(BadInput, match="other content than it was written with"):
        restore(backup, tmp_path / "restored")
    state.unlink()
    with pytest.raises(BadInput, match="is missing"):
        restore(backup, tmp_path / "restored")
    (backup / NAME).unlink()
    with pytest.raises(BadInput, match="not finished"):
        check(backup)


def test_only_empty_folders_are_written_to(tmp_path: Path) -> None:
    root, backup = taken_before(tmp_path)
    with pytest.raises(BadInput, match="not empty"):
        restore(backup, root)
    with pytest.raises(BadInput, match="no ledger"):
        restore(backup, tmp_path / "restored", ledger=tmp_path / "missing")
    for keys in (tmp_path / "missing", root / "mailwake.keys"):
        with pytest.raises(BadInput, match=r"there is no folder .*; name the one that holds the keys"):
            restore(backup, tmp_path / "restored", keys=keys)
    assert not (tmp_path / "restored").exists()
    settings = load(root / "mailwake.toml")
    with pytest.raises(BadInput, match="not empty"):
        take(settings, root / "mailwake.toml", backup, events=lambda _: {})


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("mailwake-data/backups/today", "lies inside the data folder; name one elsewhere"),
        ("link/today", "lies inside the data folder"),
        ("workflows/today", "lies inside the folder workflows"),
        ("languages", "lies inside the folder languages"),
    ],
)
def test_no_backup_is_taken_into_what_it_copies(tmp_path: Path, inside: str, said: str) -> None:
    config = installation(tmp_path)
    for name in ("workflows", "languages"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("mailwake-data")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadInput, match=said):
        take(load(config), config, tmp_path / inside, events=lambda _: {})
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    root, backup = taken_before(tmp_path)
    config = root / "mailwake.toml"
    for folder in (config, config / "below", Path("/proc/mailwake")):
        with pytest.raises(BadInput, match="cannot be used as a folder"):
            take(load(config), config, folder, events=lambda _: {})
        with pytest.raises(BadInput, match="cannot be used as a folder"):
            restore(backup, folder)


def test_a_manifest_leads_nowhere_else(tmp_path: Path) -> None:
    _, backup = taken_before(tmp_path)
    text = (backup / NAME).read_text(encoding="utf-8")
    (backup / "data" / ".." / ".." / "evil").resolve().write_text("x", encoding="utf-8")
    for path in ("settings/../../evil", "evil"):
        (backup / "evil").write_text("x", encoding="utf-8")
        one = '{"path": "%s", "size": 1, "sha256": "%s"}' % (path, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")  # noqa: E501, UP031  # fmt: skip
        (backup / NAME).write_text(text.replace('"files": [', f'"files": [{one},', 1), encoding="utf-8")
        with pytest.raises(BadInput, match="no file of a backup"):
            restore(backup, tmp_path / f"restored{len(path)}")


def test_the_copy_of_a_database_is_sound(tmp_path: Path) -> None:
    _, backup = taken_before(tmp_path)
    with closing(sqlite3.connect(backup / "data" / "state.sqlite")) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
