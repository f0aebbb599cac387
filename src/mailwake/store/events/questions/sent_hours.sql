-- In which hours did mail arrive? Deliveries, each once, in the hour of its first delivered event.
-- $campaign integer  id of the campaign; 0: all of them
-- $since integer     only what arrived since then, microseconds
-- hour               start of the hour, seconds since 1970
-- copies             deliveries
with units as (
    select delivery, min(happened_at) as arrived_at
    from events
    where type = 'delivered' and delivery is not null and happened_at >= $since
        and ($campaign = 0 or campaign = $campaign)
    group by delivery
)
select {div:arrived_at:cast(3600000000 as bigint)} * 3600 as hour, count(*) as copies
from units
group by hour
order by hour
