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
-- expected, doubt    how many of them a person did, as in campaign_counts; each by the age of the event that decides it
-- raw                of them: with an open, or click, by anybody or anything
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:campaign},
firsts as (
    select
        delivery,
        {div:min(deciding) % 2305843009213693952:512} as decided_at,
        min(happened_at) as seen_at
    from scope
    where reaction = $kind and delivery is not null
    group by delivery
),
places as (
    select delivery, max(domain) as domain, max(recipient) as recipient
    from scope
    where delivery is not null
    group by delivery
),
bases as (
    select
        o.unit as unit,
        o.sent_at as sent_at,
        p.domain as domain,
        p.recipient as recipient,
        case when f.decided_at <= o.sent_at + $age then 1 else 0 end as is_in,
        case when f.seen_at <= o.sent_at + $age then 1 else 0 end as is_seen,
        case when $kind = 'opened' then o.opened_p else o.clicked_p end as p
    from outcomes as o
    left join firsts as f on f.delivery = o.unit
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
    sum(is_in * p) as expected,
    sum(is_in * p * (10000 - p)) as doubt,
    sum(is_seen) as raw
from bases
group by domain, part
order by domain, part
