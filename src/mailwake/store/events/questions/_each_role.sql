-- Part: clicks in `scope` by campaign and role of the link; only clicks that count.
units as (
    select
        campaign,
        role,
        delivery,
        max(grade) as best,
        count(*) as event_count,
        sum(case when grade = 0 then 1 else 0 end) as by_machines
    from scope
    where reaction = 'clicked' and delivery is not null and link is not null
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
