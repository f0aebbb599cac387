-- When were a campaign's mails opened and clicked? Each delivery once, in the bucket of the event that decides its
-- grade: a person's first; so the sums over time are those of campaign_counts.
-- $campaign integer        id of the campaign
-- $bucket_seconds integer  length of a bucket; buckets start at 1970, UTC
-- bucket_at                start of the bucket, microseconds
-- type                     opened or clicked
-- event_count              events in the bucket
-- human, possible, machine deliveries
with units as (
    select reaction, delivery, max(grade) as best, min(deciding) as decided
    from events
    where campaign = $campaign and reaction is not null and delivery is not null
    group by reaction, delivery
),
marks as (
    select
        reaction,
        {div:decided % 2305843009213693952:512} as happened_at,
        0 as one,
        case when best = 2 then 1 else 0 end as human,
        case when best = 1 then 1 else 0 end as possible,
        case when best = 0 then 1 else 0 end as machine
    from units
    union all
    select reaction, happened_at, 1, 0, 0, 0
    from events
    where campaign = $campaign and reaction is not null and delivery is not null
)
select
    {div:happened_at:cast(1000000 as bigint) * $bucket_seconds} * (cast(1000000 as bigint) * $bucket_seconds) as bucket_at,
    reaction as type,
    sum(one) as event_count,
    sum(human) as human,
    sum(possible) as possible,
    sum(machine) as machine
from marks
group by bucket_at, type
order by bucket_at, type
