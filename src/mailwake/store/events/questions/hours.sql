-- In which hours did people open, or click? Each delivery once, in the hour of the event that decides it.
-- $campaign integer  id of the campaign; 0: all of them
-- $kind text         opened or clicked
-- $since integer     only what happened since then, microseconds
-- $quarters text     countries of which quarters of an hour are told, with commas before, between and behind
-- country            of the event; null where not known
-- hour               start of the hour, or of its quarter, seconds since 1970
-- copies             deliveries with an event whose p_human is 0.5 or more
with units as (
    select
        delivery,
        max(grade) as best,
        {arg_min:coalesce(country, ''):deciding} as decided_country,
        {div:min(deciding) % 2305843009213693952:512} as decided_at
    from events
    where reaction = $kind and delivery is not null and happened_at >= $since and ($campaign = 0 or campaign = $campaign)
    group by delivery
)
select
    nullif(decided_country, '') as country,
    case
        when position(concat(',', decided_country, ',') in $quarters) > 0 then {div:decided_at:900000000} * 900
        else {div:decided_at:cast(3600000000 as bigint)} * 3600
    end as hour,
    count(*) as copies
from units
where best = 2
group by decided_country, hour
order by hour, decided_country
