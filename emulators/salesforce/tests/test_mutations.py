"""Bugs are put in on purpose: what the other tests rely on must not hold any more, or they would notice nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulators.salesforce.tests import (
    test_auth,
    test_batches,
    test_describe,
    test_hardship,
    test_recordings,
    test_rows,
    test_soql,
)
from emulators.salesforce.tests.conftest import Api, public_pem, signing_key

from salesforce_emulator import Emulator, Org, Settings
from salesforce_emulator.clock import Clock, read_datetime
from salesforce_emulator.mutations import MUTATIONS

Check = Callable[[Api], Any]


def _signed(api: Api) -> None:
    api.order("app", client_id="key", certificate=public_pem(signing_key(0)), approved=["integration@example.com"])
    test_auth.test_another_key_gives_no_token(api)


def _many_leads(api: Api) -> None:
    api.order("settings", session_seconds=10_000_000)
    test_soql.test_a_result_comes_in_pages(api)


def _hidden(api: Api) -> None:
    assert (
        api.refused(400, "POST", "/sobjects/Contact", {"LastName": "A", "HasOptedOutOfEmail": True})["errorCode"]
        == "INVALID_FIELD"
    )


#: The tests of this suite that notice each bug.
NOTICES: dict[str, list[Check]] = {
    "any_signature": [_signed],
    "deleted_shown": [
        lambda api: test_recordings.test_a_recorded_exchange_is_answered_as_it_was(
            api, "TestDatasetsE2E.test_datasets_e2e"
        )
    ],
    "eternal_session": [test_auth.test_a_session_ends_by_time],
    "first_match_wins": [test_rows.test_an_upsert_that_matches_twice_lists_what_it_matches],
    "hidden_accepted": [_hidden],
    "keeps_half": [test_batches.test_all_or_none_takes_everything_back],
    "no_collection_limit": [test_batches.test_more_than_200_rows_are_refused],
    "one_page_only": [_many_leads],
    "readonly_writable": [test_describe.test_a_read_only_field_says_so],
    "no_locks": [test_hardship.test_a_row_held_by_others_is_waited_for_ten_seconds],
    "unlowered_email": [
        lambda api: test_recordings.test_a_recorded_exchange_is_answered_as_it_was(
            api, "TestUpsert.test_upsert_complex_external_id_field__rest"
        )
    ],
    "free_requests": [test_hardship.test_the_days_requests_are_counted_and_come_back],
}


def org(name: str | None) -> Org:
    return Org(Settings(mutations=[name] if name else []), clock=Clock(read_datetime("2026-11-26T12:00:00Z")))


def test_every_bug_has_a_test_that_should_notice_it() -> None:
    assert set(NOTICES) == set(MUTATIONS)


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_bug_put_in_is_noticed(name: str) -> None:
    for check in NOTICES[name]:
        with Emulator(org(None)) as sound:
            check(Api(sound))
        with (
            Emulator(org(name)) as broken,
            pytest.raises((AssertionError, LookupError, ValueError, pytest.fail.Exception)),
        ):
            check(Api(broken))
