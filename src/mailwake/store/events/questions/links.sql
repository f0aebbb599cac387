-- Which links of a campaign's templates were clicked, and by whom? By template and number; only clicks that count.
-- $campaign integer          id of the campaign
-- template, link             which link
-- event_count                clicks
-- human, possible, machine   deliveries, each once per link
with units as (
    select template, link, delivery, max(grade) as best, count(*) as event_count
    from events
    where campaign = $campaign and reaction = 'clicked' and delivery is not null and link is not null
    group by template, link, delivery
)
select
    template,
    link,
    sum(event_count) as event_count,
    sum(case when best = 2 then 1 else 0 end) as human,
    sum(case when best = 1 then 1 else 0 end) as possible,
    sum(case when best = 0 then 1 else 0 end) as machine
from units
group by template, link
order by template, link
