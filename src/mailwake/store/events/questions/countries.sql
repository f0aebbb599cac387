-- In which countries were a campaign's mails opened and clicked? Most people first.
-- $campaign integer          id of the campaign
-- country                    'proxied' where a proxy asked, whose country says nothing of its user; null: not known
-- type                       opened or clicked
-- human, possible, machine   deliveries, each once, where its deciding event came from
with units as (
    select
        reaction,
        delivery,
        max(grade) as best,
        {arg_min:{part:_country}:deciding} as decided
    from events
    where campaign = $campaign and reaction is not null and delivery is not null
    group by reaction, delivery
)
select
    nullif(decided, '') as country,
    reaction as type,
    sum(case when best = 2 then 1 else 0 end) as human,
    sum(case when best = 1 then 1 else 0 end) as possible,
    sum(case when best = 0 then 1 else 0 end) as machine
from units
group by decided, reaction
order by human desc, possible desc, machine desc, decided, reaction
