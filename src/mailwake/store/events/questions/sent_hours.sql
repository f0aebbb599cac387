-- When did mail arrive? Copies delivered and not taken back, each in the quarter of an hour of its first delivered event.
-- $campaign integer  id of the campaign; 0: all of them
-- $since integer     only what arrived since then, microseconds
-- hour               start of the quarter, seconds since 1970
-- copies             deliveries
with units as (
    select
        delivery,
        min(case when type = 'delivered' then happened_at end) as arrived_at,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at
    from events
    where type in ('delivered', 'bounced') and delivery is not null and happened_at >= $since
        and ($campaign = 0 or campaign = $campaign)
    group by delivery
)
select {div:arrived_at:900000000} * 900 as hour, count(*) as copies
from units
where {part:_delivered} = 1
group by hour
order by hour
