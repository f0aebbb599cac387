"""Ids, queries, faults and limits: what is said to Salesforce and what it says, without a call."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import BadInput
from mailwake.salesforce import soql
from mailwake.salesforce.bulk import as_csv
from mailwake.salesforce.faults import Cure, cure_of, faults_in
from mailwake.salesforce.ids import full_id
from mailwake.salesforce.limits import Usage, allowances, usage_in


def test_ids_get_their_last_three_characters() -> None:
    """The pair is that of Salesforce's own article on 18-character ids."""
    assert full_id("001A000000OFYq9") == full_id(full_id("001A000000OFYq9"))
    assert full_id("a0D300000001n1E") == "a0D300000001n1EEAQ"
    for wrong in ("", "001", "001A000000OFYq!", "a0D300000001n1EEAA", "a0D300000001n1EEAQ1"):
        with pytest.raises(BadInput):
            full_id(wrong)


@given(st.text(max_size=60))
def test_a_quoted_text_ends_where_it_ends(text: str) -> None:
    literal = soql.quoted(text)
    inner = literal[1:-1]
    assert literal[0] == literal[-1] == "'"
    assert not re.search(r"(?<!\\)(?:\\\\)*'", inner), "an open quote within"
    assert not re.search(r"[\n\r\t]", inner)


@given(st.lists(st.text(alphabet="abcXYZ019'\\", max_size=18), max_size=300), st.integers(60, 2_000))
def test_conditions_name_every_value_and_stay_short(values: list[str], room: int) -> None:
    parts = list(soql.each_in("Email", values, room))
    assert sum(part.count("', '") + 1 for part in parts) >= len(values) or any("', '" in v for v in values)
    assert all(len(part) <= room + 120 for part in parts)
    assert "".join(parts).count("Email IN (") == len(parts)
    if not values:
        assert parts == []


def test_names_are_names() -> None:
    assert soql.select(["Id", "Owner.Name"], "Contact", "Id = '1'", "Id") == (
        "SELECT Id, Owner.Name FROM Contact WHERE Id = '1' ORDER BY Id"
    )
    for wrong in ("Id FROM User", "a'b", "", "1a", "a.b.c.d.e.f.g"):
        with pytest.raises(BadInput):
            soql.name(wrong)


def test_every_code_has_one_cure_and_strangers_are_for_people() -> None:
    assert cure_of("UNABLE_TO_LOCK_ROW") is Cure.ROW_LATER
    assert cure_of("INVALID_SESSION_ID") is Cure.SIGN_IN
    assert cure_of("invalid_grant") is Cure.ADMIN
    assert cure_of("SOMETHING_NEW") is Cure.REFUSED
    assert cure_of("SOMETHING_NEW", default=Cure.LATER) is Cure.LATER


@every(
    "told",
    [None, "", 7, [], {}, [None], ["x"], {"error": 5}, {"statusCode": None}, [{"message": "no code"}]],
    ids=repr,
)
def test_nonsense_is_no_fault(told: object) -> None:
    assert faults_in(told) == ()


def test_faults_come_in_three_shapes_and_are_cut() -> None:
    (rest,) = faults_in([{"errorCode": "NOT_FOUND", "message": "m" * 5_000}])
    (row,) = faults_in([{"statusCode": "STRING_TOO_LONG", "message": "too long", "fields": ["A__c", 3]}])
    (oauth,) = faults_in({"error": "invalid_grant", "error_description": "user hasn't approved this consumer"})
    assert (rest.cure, len(rest.message)) == (Cure.MOVED, 1_000)
    assert row.fields == ("A__c", "3")
    assert oauth.cure is Cure.ADMIN


def test_usage_is_read_or_not_known() -> None:
    assert usage_in("api-usage=18/15000; per-app-api-usage=17/250(appName=x)") == Usage(18, 15_000)
    assert usage_in("per-app-api-usage=17/250(appName=x)") is None
    assert usage_in(None) is None
    assert Usage(1, 0).share == 1.0
    found = allowances({"DailyApiRequests": {"Max": 10, "Remaining": 4}, "Odd": {"Max": "x"}, "List": []})
    assert {name: row.left for name, row in found.items()} == {"DailyApiRequests": 4}


def test_a_table_tells_nothing_from_no_change() -> None:
    rows: list[dict[str, object]] = [{"Id": "1", "A__c": None, "B__c": True}, {"Id": "2", "B__c": 'say "a, b"\nc'}]
    assert as_csv(rows) == b'Id,A__c,B__c\n1,#N/A,true\n2,#N/A,"say ""a, b""\nc"\n'
