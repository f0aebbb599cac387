"""Every field of the package is written by something: a field that nobody fills is a promise that is not kept."""

import json
from pathlib import Path

import pytest
from tests.pushing.crowd import gather
from tests.pushing.orgs import opened

from mailwake.orgpackage import fields


@pytest.mark.long
def test_a_push_fills_every_field_of_the_package(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        gather(place)
        done = place.desk.push()
        assert (done.refused, done.postponed, done.hidden) == (0, 0, set())
        held = json.loads(place.snapshot())
        told = {of: list(records.values()) for of, records in held.items() if isinstance(records, dict)}
        told["Email_Hot_Signal__e"] = [
            dict(each.after) for each in place.house.store.entries(done.job) if each.object == "Email_Hot_Signal__e"
        ]
    empty = [
        f"{of}.{field.name}"
        for of in fields.objects()
        for field in fields.fields_of(of)
        if not any(row.get(field.name) is not None for row in told.get("Task" if of == "Activity" else of, ()))
    ]
    assert empty == []
