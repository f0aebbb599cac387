"""What we put into an org about one person goes; their record, their "no" and everybody else stay."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.crm.house import DAY
from tests.pushing.orgs import opened

from mailwake.crm.fields import OPT_OUT_SOURCE, ROW, SUMS, TASK, TASK_KEY
from mailwake.store.crm import Lane, Wish
from mailwake.store.rights.ledger import open_rights

ADA, GRACE = "ada@example.com", "grace@example.com"


def test_nothing_of_ours_is_left_of_one_and_all_of_the_other(tmp_path: Path) -> None:
    with opened(tmp_path) as place, closing(open_rights(tmp_path / "state.sqlite")) as rights:
        people = {each: place.add("Contact", LastName=each[:3], Email=each) for each in (ADA, GRACE)}
        for number, each in enumerate(people):
            place.house.happened(each, "sent", ago=DAY, delivery=number + 1)
            place.house.happened(each, "clicked", ago=DAY // 2, delivery=number + 1)
        place.house.state.suppress(place.house.handle(ADA), reason="unsubscribed", source="edge", at=place.desk.now)
        place.desk.look()
        place.desk.sweep()
        tell = [
            Wish(object=TASK, key=f"t-{record}", key_field=TASK_KEY, lane=Lane.HOT, handle=place.house.handle(each),
                 fields={"Subject": f"Call {each}", "Description": each, "WhoId": record, "Status": "Not Started",
                         "Priority": "Normal"})
            for each, record in people.items()
        ]  # fmt: skip
        place.house.store.wish(tell, now=place.desk.now)
        sent = place.desk.push()
        assert (sent.refused, sent.ended) == (0, "")
        before = held(place)
        assert len(before[ROW]) == len(before[TASK]) == 2
        assert before["Contact"][people[ADA]]["Last_Human_Click__c"]
        handle = place.house.handle(ADA)
        places = rights.org_places(handle, ADA)
        rights.begin(handle, ADA, at=place.desk.now, by="me")
        rights.erase(handle, ADA)
        done = place.desk.forget(places)
        assert (done.people, done.rows, done.tasks, done.refused) == (1, 1, 1, [])
        after = held(place)
        mine = after["Contact"][people[ADA]]
        assert not [name for name in (*SUMS, OPT_OUT_SOURCE) if mine.get(name)]
        assert mine["HasOptedOutOfEmail"] is True
        assert after["Contact"][people[GRACE]] == before["Contact"][people[GRACE]]
        assert [row["Contact__c"] for row in after[ROW].values()] == [people[GRACE]]
        assert sum("ada" in str(row).lower() for row in after[TASK].values()) == 0
        assert sum(GRACE in str(row["Subject"]) for row in after[TASK].values()) == 1
        assert place.desk.forget(places).people == 0
        place.desk.look()
        assert b"ada@example.com" not in b"".join(each.read_bytes() for each in tmp_path.glob("state.sqlite*"))


def held(place: Any) -> dict[str, dict[str, dict[str, Any]]]:
    told: dict[str, dict[str, dict[str, Any]]] = json.loads(place.snapshot())
    return {of: told.get(of, {}) for of in ("Contact", ROW, TASK)}
