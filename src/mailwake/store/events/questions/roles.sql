-- Which sorts of links were clicked, and by whom? By campaign and role; only clicks that count.
-- campaign                   id
-- role                       cta, text, image, footer, legal or social; null: not known
-- event_count                clicks
-- by_machines                of these by machines
-- human, possible, machine   deliveries, each once per role
with units as (
    select
        campaign,
        role,
        delivery,
        max(grade) as best,
        count(*) as event_count,
        sum(case when grade = 0 then 1 else 0 end) as by_machines
    from events
    where reaction = 'clicked' and campaign is not null and delivery is not null and link is not null
    group by campaign, role, delivery
)
select
    campaign,
    role,
    sum(event_count) as event_count,
    sum(by_machines) as by_machines,
    sum(case when best = 2 then 1 else 0 end) as human,
    sum(case when best = 1 then 1 else 0 end) as possible,
    sum(case when best = 0 then 1 else 0 end) as machine
from units
group by campaign, role
order by campaign, coalesce(role, '')
