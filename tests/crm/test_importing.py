"""People as a file for Salesforce's import of campaign members: one row each."""

from pathlib import Path

from tests.crm.house import open_house

from mailwake.crm.importing import member_rows


def test_each_address_is_one_row_in_order(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    house.person("003A", "ann@example.com")
    house.person("00QA", "ann@example.com")
    house.person("00QB", "bob@example.com")
    house.person("003P", "eve@example.com")
    house.person("001P", "eve@example.com", account="003P")
    house.person("003G", "gone@example.com", is_deleted=True)
    asked = [
        "bob@example.com",
        "Ann@example.com",
        "eve@example.com",
        "gone@example.com",
        "new@example.com",
        "none",
    ]
    assert member_rows(house.store, asked) == [
        ("", "00QB", "bob@example.com"),
        ("003A", "", "Ann@example.com"),
        ("003P", "", "eve@example.com"),
        ("", "", "gone@example.com"),
        ("", "", "new@example.com"),
        ("", "", "none"),
    ]
    house.close()
