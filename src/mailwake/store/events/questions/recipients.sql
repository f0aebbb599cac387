-- What became of each delivery of a campaign? In order of sending.
-- $campaign integer     id of the campaign
-- $only text            '' for all; or sent, delivered, bounced, deferred, rejected, failed, complained, unsubscribed,
--                       replied, unresolved, opened_raw, opened_human, ..., clicked_machine: those that campaign_counts
--                       counts under this name; opened and clicked are short for opened_raw and clicked_raw
-- $limit integer        rows
-- $offset integer       rows to pass over
-- $after_at integer     only those whose place comes after this one, or at the same place
-- $after_unit integer   after this unit
-- delivery, recipient, template, domain; each null where not known
-- outcome               complained, unsubscribed, bounced, rejected, failed, delivered, deferred, sent, or unknown
-- opened, clicked       human, possible, machine; null: not
-- sent_at, last_at      microseconds; last_at is the latest event
-- total, reason         deliveries that $only lets through; latest words of a server that refused or put off the mail, else ''
-- place, unit           where the row stands in the order; those never sent stand last
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:template},
{part:_facts},
named as (
    {part:_became}
    where {part:_wanted} = 1
)
select
    delivery, recipient, template, domain, outcome, opened, clicked, sent_at, last_at, coalesce(reason, '') as reason, total,
    place, unit
from (select *, count(*) over () as total from named) as counted
where place > $after_at or (place = $after_at and unit > $after_unit)
order by place, unit
limit $limit offset $offset
