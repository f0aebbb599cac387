-- To whom and when was a campaign sent, and what did people do in each part? Copies in the base of the rate alone.
-- $campaign integer  id of the campaign
-- $kind text         opened or clicked
-- $until integer     only copies sent by then, microseconds
-- $age integer       only what happened to a copy until it was so old, microseconds
-- $ahead integer     seconds that the viewer's clock is ahead of UTC
-- domain             of the recipient, or a stand-in that starts with ~; null where not known
-- one, another       two recipients of the group, which name the domain; the same where there is one
-- part               of the week the copy was sent in, in six hours from Monday midnight, from 0
-- copies             deliveries
-- expected, doubt    how many of them a person did, as in campaign_counts, by what happened until that age
-- raw                of them: with an open, or click, by anybody or anything
with begun as (
    select delivery as copy, min(happened_at) as begun_at
    from events
    where campaign = $campaign and type = 'sent' and delivery is not null
    group by delivery
),
scope as (
    select events.*
    from events
    left join begun on begun.copy = events.delivery
    where campaign = $campaign and (reaction is null or happened_at - coalesce(begun_at, 0) <= $age)
),
{part:_chances},
{part:_counts:campaign},
places as (
    select delivery, max(domain) as domain, max(recipient) as recipient
    from scope
    where delivery is not null
    group by delivery
),
bases as (
    select
        o.sent_at as sent_at,
        p.domain as domain,
        p.recipient as recipient,
        case when (case when $kind = 'opened' then o.opens else o.clicks end) > 0 then 1 else 0 end as is_seen,
        case when $kind = 'opened' then o.opened_p else o.clicked_p end as p
    from outcomes as o
    left join places as p on p.delivery = o.unit
    where o.was_delivered = 1 and o.sent_at <= $until
        and case when $kind = 'opened' then o.opens_individual else o.clicks_individual end = 1
)
select
    domain,
    {div:sent_at + (cast($ahead as bigint) + 259200) * 1000000:cast(21600000000 as bigint)} % 28 as part,
    min(recipient) as one,
    max(recipient) as another,
    count(*) as copies,
    sum(p) as expected,
    sum(p * (10000 - p)) as doubt,
    sum(is_seen) as raw
from bases
group by domain, part
order by domain, part
