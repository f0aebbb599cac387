"""One canary through a whole installation: afterwards no byte of it is left, and nothing else has changed."""

import base64
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.pipeline.house import hit
from tests.rights.house import ADA, GRACE, NOW, House, bytes_of, house, opened_again

from mailwake.errors import BadInput, Unavailable
from mailwake.events import EventType, Handle, Micros
from mailwake.pushing.forgetting import Forgotten as OrgForgotten
from mailwake.rights.certificate import Certificate, to_json, to_text
from mailwake.rights.erasing import log_until
from mailwake.rights.remembering import apply
from mailwake.store.crm import CrmPerson, open_crm


def strew(found: House) -> None:
    """Ada in every file of the data folder that may name somebody."""
    (found.data / "unread").mkdir()
    (found.data / "unread" / "a.eml").write_text(f"To: <{ADA}>\n\nhello", encoding="utf-8")
    (found.data / "unread" / "b.eml").write_text(f"To: <{GRACE}>\n\nhello", encoding="utf-8")
    (found.data / "experiments").mkdir()
    people = f'address,name\n{ADA},"Canary, Ada"\n{GRACE},Grace\n'
    (found.data / "experiments" / "1.csv").write_text(people, encoding="utf-8")
    for number, address in enumerate((ADA, GRACE)):
        letter = {"record": base64.b64encode(f"odd <{address}>".encode()).decode()}
        (found.data / "dead").mkdir(exist_ok=True)
        (found.data / "dead" / f"x-{number}.json").write_text(json.dumps(letter), encoding="utf-8")
    found.pipeline.state.suppress(found.handle(ADA), reason="complained", source="edge", at=found.pipeline.now)


def test_no_byte_is_left_and_every_sum_is_the_same(tmp_path: Path) -> None:
    with house(tmp_path) as found:
        strew(found)
        handle, before = found.handle(ADA), found.counts()
        assert before[0]["clicked_human"] == 2
        told = found.own.eraser.erase(handle, by="me")
        assert told.finished_at is not None
        assert found.counts() == before
        raw = bytes_of(tmp_path, but=("log",))
        assert b"ada.canary" not in raw
        assert b"canary, ada" not in raw
        assert GRACE.encode() in raw
        assert {path.name for path in (found.data / "dead").iterdir()} == {"x-1.json"}
        assert {path.name for path in (found.data / "unread").iterdir()} == {"b.eml"}
        assert (found.data / "experiments" / "1.csv").read_text().splitlines() == ["address,name", f"{GRACE},Grace"]
        places = {each.where: each for each in told.places}
        assert places["events"].count == 3
        assert (places["files.dead"].count, places["files.unread"].count, places["files.experiments"].count) == (
            1,
            1,
            1,
        )
        assert places["state.recipients"].count == 1
        assert places["log"].until == log_until(told_at(told), found.settings.log.keep_days)


def files(folder: Path) -> dict[str, bytes]:
    """All of them, but for what SQLite keeps of who reads."""
    return {each.name: each.read_bytes() for each in folder.rglob("*") if each.is_file() and each.suffix[-4:] != "-shm"}


def told_at(told: Certificate) -> Any:
    return round(told.asked_at.timestamp() * 1_000_000)


def test_the_certificate_says_it_without_the_address(tmp_path: Path) -> None:
    with house(tmp_path) as found:
        told = found.own.eraser.erase(found.handle(ADA), by="Data protection officer")
        text, raw = to_text(told), to_json(told)
        assert msgspec.json.decode(raw, type=Certificate) == told
        assert "by Data protection officer, finished" in text
        assert "events" in text
        assert "3 made anonymous" in text
        assert ADA not in text + raw.decode()
        with pytest.raises(BadInput, match="nobody has the number 5"):
            found.own.eraser.erase(Handle(5), by="me")


def test_no_page_of_the_file_holds_them_any_more_wherever_rows_were_moved(tmp_path: Path) -> None:
    """Rows that grow are moved, and SQLite leaves pieces of them where they were."""
    chance = random.Random(7)
    names = [f"canary{number:04}.{chance.randrange(10**9)}@long-enough.example" for number in range(1_500)]
    with house(tmp_path) as found:
        state = found.pipeline.state
        for size in (1, 40, 400, 5, 900):
            for start in range(0, len(names), 100):
                part = chance.sample(names, 100) if size > 1 else names[start : start + 100]
                state.handles(part, now=NOW, fields={each: {"name": f"{each} " + "x" * size} for each in part})
        gone = chance.sample(names, 12)
        for each in gone:
            found.own.eraser.erase(found.handle(each), by="me")
        kept = (found.data / "state.sqlite").read_bytes() + (found.data / "state.sqlite-wal").read_bytes()
        assert [each for each in gone if each.encode() in kept] == []
        assert names[0] in gone or names[0].encode() in kept


def test_a_file_that_is_large_is_written_anew_at_night(tmp_path: Path) -> None:
    with house(tmp_path) as found:
        assert not found.own.rights.rewrite(1)
        assert found.own.rights.rewrite()


def test_counting_changes_nothing(tmp_path: Path) -> None:
    with house(tmp_path) as found:
        strew(found)
        before = files(found.data)
        counted = {each.where: each.count for each in found.own.eraser.count(found.handle(ADA))}
        assert files(found.data) == before
        told = {each.where: each.count for each in found.own.eraser.erase(found.handle(ADA), by="me").places}
        assert {name: told[name] for name in counted if name != "state.consent_ledger"} == counted


def test_nothing_is_recorded_afterwards_and_late_hits_are_cut_loose(tmp_path: Path) -> None:
    with house(tmp_path) as found:
        handle = found.handle(ADA)
        found.pipeline.log(hit(EventType.CLICKED, 90, link=1, recipient=handle, delivery=handle % 2**40))
        found.own.eraser.erase(handle, by="me")
        found.pipeline.now = Micros(found.pipeline.now + 6_000_000)
        found.pipeline.work()  # a click from before the erasure that was still in the log
        found.own.eraser.tend()
        assert found.pipeline.events.ask("person_count", recipient=handle)[0]["event_count"] == 0
        assert handle in found.pipeline.state.inert()
        assert handle in found.pipeline.inert()


@pytest.mark.parametrize("step", ["forget_strays", "events", "rights", "note"])
def test_a_crash_anywhere_is_taken_up_again(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with house(tmp_path) as found:
        strew(found)
        eraser, handle, before = found.own.eraser, found.handle(ADA), found.counts()

        def crash(*_: Any, **__: Any) -> Any:
            raise Unavailable("the power is off")

        with monkeypatch.context() as patched:
            if step == "forget_strays":
                patched.setattr("mailwake.rights.erasing.forget_strays", crash)
            elif step == "events":
                patched.setattr(type(eraser.events), "erase", crash)
            else:
                patched.setattr(type(eraser.rights), {"rights": "erase"}.get(step, "note"), crash)
            with pytest.raises(Unavailable):
                eraser.erase(handle, by="me")
        eraser.tend()
        (only,) = eraser.rights.erasures()
        assert only.finished_at is not None
        assert found.counts() == before
        assert b"ada.canary" not in bytes_of(tmp_path, but=("log",))


def test_an_org_that_is_away_is_told_later_by_ids_alone(tmp_path: Path) -> None:
    is_away, heard = [True], []

    def org(places: Any) -> OrgForgotten:
        if is_away[0]:
            raise Unavailable("the org is away")
        heard.append(places)
        return OrgForgotten(people=1, rows=2)

    with house(tmp_path, org=org) as found:
        crm = open_crm(found.data / "state.sqlite")
        now = found.pipeline.now
        crm.put_people([CrmPerson(id="003X", kind="Contact", address_key=ADA, created_at=now, changed_at=now)])
        told = found.own.eraser.erase(found.handle(ADA), by="me")
        assert told.finished_at is None
        assert [each.note for each in told.places if each.where == "org"] == ["the org is away"]
        assert b"ada.canary" not in bytes_of(tmp_path, but=("log",))
        is_away[0] = False
        found.own.eraser.tend()
        assert heard == [{"people": [["Contact", "003X"]], "rows": []}]
        (only,) = found.own.rights.erasures()
        told = found.own.eraser.certificate(only)
        assert {each.where: each.count for each in told.places}["org.rows"] == 2
        assert told.finished_at is not None
        assert only.org is None
        crm.close()


def test_whom_a_restored_state_knows_again_is_forgotten_again(tmp_path: Path) -> None:
    """AT-42: erasure, then yesterday's state comes back."""
    with house(tmp_path) as found:
        handle = found.handle(ADA)
    state = (tmp_path / "mailwake-data" / "state.sqlite").read_bytes()
    events = (tmp_path / "mailwake-data" / "events.duckdb").read_bytes()
    with opened_again(tmp_path) as found:
        found.own.eraser.erase(handle, by="me")
        found.pipeline.state.set_consent(
            found.handle(GRACE), axis="both", state="withdrawn", at=found.pipeline.now, source="x"
        )
        found.own.office().remembering.look()
    for each in ("state.sqlite-wal", "state.sqlite-shm"):
        (tmp_path / "mailwake-data" / each).unlink(missing_ok=True)
    (tmp_path / "mailwake-data" / "state.sqlite").write_bytes(state)
    (tmp_path / "mailwake-data" / "events.duckdb").write_bytes(events)
    with opened_again(tmp_path) as found:
        assert found.handle(ADA) == handle
        standing = found.own.forgotten.standing()
        done = apply(standing, found.pipeline.state, found.own.eraser)
        assert (done.erased, done.withdrawn) == (1, 1)
        assert found.pipeline.state.known_handles([ADA]) == {}
        assert found.pipeline.events.ask("person_count", recipient=handle)[0]["event_count"] == 0
        assert set(found.pipeline.state.inert()) == {handle, found.handle(GRACE)}
        assert b"ada.canary" not in bytes_of(tmp_path, but=("log",))
        assert apply(standing, found.pipeline.state, found.own.eraser).erased == 0
        assert found.own.office().remembering.look() == 0
