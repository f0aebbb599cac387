-- When did mail last reach a recipient for certain: a person read or answered it, or no bounce came within a day?
-- $recipient integer  handle
-- $before integer     only what happened before then, microseconds
-- $day integer        microseconds that a bounce may take
-- at                  null: never
with mine as (
    select delivery, type, happened_at, p_human
    from events
    where recipient = $recipient and happened_at < $before
),
refused as (
    select distinct delivery as returned
    from mine
    where type = 'bounced' and delivery is not null
)
select max(m.happened_at) as at
from mine as m
left join refused as r on r.returned = m.delivery
where m.type = 'replied'
    or (m.type in ('opened', 'clicked') and m.p_human >= 0.9)
    or (m.type = 'delivered' and m.happened_at < $before - $day and r.returned is null)
