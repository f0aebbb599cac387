-- When did mail reach some recipients, and when did they open or click? By recipient and quarter of an hour.
-- $recipients text  handles with commas between
-- $since integer    only what happened since then, microseconds
-- $limit integer    rows
-- recipient         handle
-- kind              arrived, and did not come back later, or reacted
-- country           of a reaction that came from no proxy; null where not known
-- hour              start of the quarter, seconds since 1970
-- copies            deliveries, each once for each kind of reaction: in the quarter of the event that decides it
with wanted as (
    select *
    from events
    where happened_at >= $since and recipient is not null and delivery is not null
        and recipient in ({each:$recipients})
),
arrivals as (
    select
        max(recipient) as whose,
        min(case when type = 'delivered' then happened_at end) as arrived_at,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at
    from wanted
    where type in ('delivered', 'bounced')
    group by delivery
),
moments as (
    select
        max(recipient) as reader,
        'reacted' as kind,
        max(grade) as best,
        {arg_min:case when agent_kind in ('image_proxy', 'privacy_proxy') then '' else coalesce(country, '') end:deciding}
            as place,
        {div:min(deciding) % 2305843009213693952:512} as moment
    from wanted
    where reaction is not null
    group by delivery, reaction
    union all
    select whose as reader, 'arrived' as kind, 2 as best, '' as place, arrived_at as moment
    from arrivals
    where {part:_delivered} = 1
)
select
    reader as recipient,
    kind,
    nullif(place, '') as country,
    {div:moment:900000000} * 900 as hour,
    count(*) as copies
from moments
where best = 2
group by reader, kind, place, hour
order by reader, kind, hour, place
limit $limit
