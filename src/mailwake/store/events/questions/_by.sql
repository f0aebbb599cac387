-- Part: reactions by {it} of the event that decides a delivery's grade, so that the parts sum up to campaign_counts.
with units as (
    select reaction, delivery, max(grade) as best, {arg_min:coalesce({it}, ''):deciding} as decided
    from events
    where campaign = $campaign and reaction is not null and delivery is not null
    group by reaction, delivery
)
select
    nullif(decided, '') as {it},
    reaction as type,
    sum(case when best = 2 then 1 else 0 end) as human,
    sum(case when best = 1 then 1 else 0 end) as possible,
    sum(case when best = 0 then 1 else 0 end) as machine
from units
group by decided, reaction
order by human desc, possible desc, machine desc, decided, reaction
