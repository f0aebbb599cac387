"""The texts that people agreed to, each kept once with its hash, for ever: a proof that cannot be shown is none."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from mailwake.events import Micros
from mailwake.store.consent import tables
from mailwake.store.consent.rows import ConsentText
from mailwake.store.state.engine import OnDatabase

_texts = tables.texts


class ConsentTexts(OnDatabase):
    """The part of the state store that knows what people were shown."""

    def put_consent_text(self, text: str, *, locale: str, since: Micros) -> ConsentText:
        """Keep a text; one that is there already stays as it is, with the day it was first shown."""
        digest = text_hash(text)
        made = self._database.upsert(_texts).values(locale=locale, sha256=digest, text=text, since=since)
        query = select(_texts).where(_texts.c.locale == locale, _texts.c.sha256 == digest)
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_nothing(index_elements=["locale", "sha256"]))
            return ConsentText(**connection.execute(query).mappings().one())

    def consent_texts(self) -> list[ConsentText]:
        """All of them, in the order they were kept."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_texts).order_by(_texts.c.id)).mappings()
            return [ConsentText(**row) for row in rows]


def text_hash(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, hex."""
    return hashlib.sha256(text.encode()).hexdigest()
