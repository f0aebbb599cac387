"""What rules ask for reaches an org: a task by its key, and a platform event, which is published and never read."""

import json
from dataclasses import replace
from pathlib import Path

from tests.crm.house import NOW
from tests.pushing.orgs import opened

from mailwake.crm.fields import HOT_SIGNAL, HOT_SIGNAL_KEY, TASK, TASK_KEY
from mailwake.store.crm import Lane, Wish


def test_a_task_and_a_signal_are_written_once_and_only_the_task_is_taken_back(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        ann = place.add("Contact", LastName="Ann", Email="ann@example.com")
        owner = next(iter(place.org.query("SELECT OwnerId FROM Contact")))["OwnerId"]
        place.desk.look()
        task = {"Subject": "Call Ann", "WhoId": ann, "OwnerId": owner, "Status": "Not Started"}
        signal = {"Person_Id__c": ann, "Signal__c": "hot", "Score__c": 61}
        wishes = [
            Wish(object=TASK, key="k1", key_field=TASK_KEY, fields=task, lane=Lane.HOT),
            Wish(object=HOT_SIGNAL, key="k2", key_field=HOT_SIGNAL_KEY, fields=signal, lane=Lane.HOT),
        ]
        place.house.store.wish(wishes, now=NOW)
        assert {each.object for each in place.desk.plan().objects} >= {TASK, HOT_SIGNAL}
        done = place.desk.push(lane=Lane.HOT)
        assert (done.written, done.refused, done.hidden) == (2, 0, set())
        assert [row["Subject"] for row in place.org.query("SELECT Subject FROM Task")] == ["Call Ann"]
        assert place.house.store.wish(wishes, now=NOW) == 0
        place.desk.undo(done.job)
        assert list(place.org.query("SELECT Subject FROM Task")) == []
        assert json.loads(place.snapshot())["Contact"][ann]


def test_a_field_that_rules_may_set_is_read_from_everybody_so_that_it_can_be_put_back(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        ann = place.add("Contact", LastName="Ann", Email="ann@example.com", Title="Chair")
        place.desk.look()
        assert "Title" not in place.house.store.people_of([ann])[ann].held
        desk = replace(place.desk, fields=("Contact.Title",))
        desk.look()
        assert place.house.store.people_of([ann])[ann].held["Title"] == "Chair"
        place.house.store.wish([Wish(object="Contact", key=ann, fields={"Title": "Hot"}, lane=Lane.HOT)], now=NOW)
        done = desk.push(lane=Lane.HOT)
        assert place.value(ann, "Title") == "Hot"
        desk.undo(done.job)
        assert place.value(ann, "Title") == "Chair"
