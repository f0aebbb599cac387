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
facts as (
    select
        unit,
        max(delivery) as delivery,
        max(recipient) as recipient,
        max(domain) as domain,
        max(happened_at) as last_at,
        {arg_max:case when type in ('bounced', 'deferred', 'rejected', 'failed') then reason end:
            least(greatest(happened_at, 0), 4503599627370495) * 512 + id % 512} as reason
    from scope
    where unit is not null
    group by unit
),
named as (
    select
        f.*,
        coalesce(o.sent_at, 9223372036854775807) as place,
        o.name as template,
        o.sent_at,
        {grade:o.opened_grade} as opened, {grade:o.clicked_grade} as clicked,
        case
            when o.was_complained = 1 then 'complained'
            when o.was_unsubscribed = 1 then 'unsubscribed'
            when o.was_delivered = 1 then 'delivered'
            when o.bounced_at is not null then 'bounced'
            when o.was_rejected = 1 then 'rejected'
            when o.was_failed = 1 then 'failed'
            when o.was_deferred = 1 then 'deferred'
            when o.was_sent = 1 then 'sent'
            else 'unknown'
        end as outcome
    from facts as f
    join outcomes as o on o.unit = f.unit
    where {part:_wanted} = 1
)
select
    delivery, recipient, template, domain, outcome, opened, clicked, sent_at, last_at, coalesce(reason, '') as reason, total,
    place, unit
from (select *, count(*) over () as total from named) as counted
where place > $after_at or (place = $after_at and unit > $after_unit)
order by place, unit
limit $limit offset $offset
