"""Bugs that can be put in on purpose: each must be noticed by a test, or the tests notice too little."""

from __future__ import annotations

#: Name and what is wrong with the org then.
MUTATIONS = {
    "any_signature": "an assertion signed with another key is accepted",
    "deleted_shown": "queries show what is in the recycle bin",
    "eternal_session": "sessions never end by time",
    "first_match_wins": "an upsert that matches twice changes the first",
    "free_requests": "the day's requests are never spent",
    "hidden_accepted": "fields that are hidden from the user can be read and written",
    "keeps_half": "allOrNone keeps the rows that were good",
    "no_collection_limit": "collections take more than 200 records",
    "no_locks": "rows that others hold are written all the same",
    "one_page_only": "a query ends after its first page",
    "readonly_writable": "fields that cannot be written are passed over in silence",
    "unlowered_email": "addresses keep their upper case",
}
