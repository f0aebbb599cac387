"""Campaigns, and the templates and links that were sent in them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from mailwake.events import CampaignId, Micros, TemplateId
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase
from mailwake.store.state.rows import Campaign, LinkRow, TemplateRow

_campaigns, _templates, _links = schema.campaigns, schema.templates, schema.links
_TEMPLATES = select(
    _templates.c.id,
    _templates.c.campaign,
    _templates.c.subject,
    _templates.c.links_count,
    _templates.c.created_at,
    _campaigns.c.stream,
).join(_campaigns, _campaigns.c.id == _templates.c.campaign)


class Campaigns(OnDatabase):
    """The part of the state store that knows what was sent."""

    def campaign(self, name: str, *, stream: str = "marketing", now: Micros) -> Campaign:
        """The campaign of this name, made if there is none; an existing one keeps its stream."""
        found = self.find_campaign(name)
        if found is not None and found.name == name:
            return found
        with self._database.writing() as connection:
            made = self._database.upsert(_campaigns).values(name=name, stream=stream, created_at=now)
            connection.execute(made.on_conflict_do_nothing(index_elements=["name"]))
            row = connection.execute(select(_campaigns).where(_campaigns.c.name == name)).one()
            return _campaign(row)

    def campaigns(self) -> list[Campaign]:
        """All campaigns, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(_campaigns).order_by(_campaigns.c.created_at.desc(), _campaigns.c.id.desc())
            )
            return [_campaign(row) for row in rows]

    def find_campaign(self, id_or_name: int | str) -> Campaign | None:
        """The campaign with this name; failing that, with this id; None: there is neither."""
        by_name = select(_campaigns).where(_campaigns.c.name == str(id_or_name))
        number = int(id_or_name) if str(id_or_name).isdecimal() and len(str(id_or_name)) < 19 else 0
        by_id = select(_campaigns).where(_campaigns.c.id == number)
        with self._database.reading() as connection:
            wanted = (by_id, by_name) if isinstance(id_or_name, int) else (by_name, by_id)
            row = connection.execute(wanted[0]).first() or connection.execute(wanted[1]).first()
            return None if row is None else _campaign(row)

    def put_template(
        self,
        campaign: CampaignId,
        template: TemplateId,
        *,
        subject: str,
        html: bytes,
        links: Sequence[LinkRow],
        now: Micros,
    ) -> None:
        """Keep a template and its links; the second time it is the same one and nothing happens.

        Args:
            campaign: an existing campaign's id.
            template: id of the HTML.
            subject: decoded.
            html: the bytes as sent, before tracking; empty where there was no HTML.
            links: every occurrence, tracked or not.
            now: when.
        """
        if self.template(template) is not None:
            return
        with self._database.writing() as connection:
            made = self._database.upsert(_templates).values(
                id=template,
                campaign=campaign,
                subject=subject,
                html=zlib.compress(html),
                links_count=len(links),
                created_at=now,
            )
            if connection.execute(made.on_conflict_do_nothing(index_elements=["id"])).rowcount:
                _put_links(connection, template, links)

    def templates(self, campaign: CampaignId) -> list[TemplateRow]:
        """The campaign's templates, oldest first."""
        query = _TEMPLATES.where(_templates.c.campaign == campaign)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(_templates.c.created_at, _templates.c.id))
            return [_template(row) for row in rows]

    def template(self, template: TemplateId) -> TemplateRow | None:
        """One template without its HTML."""
        with self._database.reading() as connection:
            row = connection.execute(_TEMPLATES.where(_templates.c.id == template)).first()
            return None if row is None else _template(row)

    def html(self, template: TemplateId) -> bytes | None:
        """The HTML as sent."""
        with self._database.reading() as connection:
            packed = connection.scalar(select(_templates.c.html).where(_templates.c.id == template))
            return None if packed is None else zlib.decompress(packed)

    def links(self, campaign: CampaignId) -> list[LinkRow]:
        """Every link of every template of a campaign, by template and number."""
        query = select(_links).join(_templates, _templates.c.id == _links.c.template)
        return self._links(query.where(_templates.c.campaign == campaign))

    def template_links(self, template: TemplateId) -> list[LinkRow]:
        """The links of one template, by number."""
        return self._links(select(_links).where(_links.c.template == template))

    def tracked_links(self) -> list[LinkRow]:
        """Every link that clicks are known of, of every template, by template and number."""
        return self._links(select(_links).where(_links.c.tracked))

    def _links(self, query: Select[*tuple[Any, ...]]) -> list[LinkRow]:
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(_links.c.template, _links.c.number))
            return [
                LinkRow(
                    template=TemplateId(row.template),
                    number=row.number,
                    href=row.href,
                    label=row.label,
                    role=row.role,
                    tracked=row.tracked,
                    where=row.location,
                    why_not=row.why_not,
                )
                for row in rows
            ]


def _put_links(connection: Connection, template: TemplateId, links: Sequence[LinkRow]) -> None:
    if links:
        rows = [
            {
                "template": template,
                "number": link.number,
                "href": link.href,
                "label": link.label,
                "role": str(link.role),
                "tracked": link.tracked,
                "location": link.where,
                "why_not": link.why_not,
            }
            for link in links
        ]
        connection.execute(_links.insert(), rows)


def _campaign(row: Row[*tuple[Any, ...]]) -> Campaign:
    return Campaign(id=CampaignId(row.id), name=row.name, stream=row.stream, created_at=Micros(row.created_at))


def _template(row: Row[*tuple[Any, ...]]) -> TemplateRow:
    return TemplateRow(
        id=TemplateId(row.id),
        campaign=CampaignId(row.campaign),
        subject=row.subject,
        stream=row.stream,
        links_count=row.links_count,
        created_at=Micros(row.created_at),
    )
