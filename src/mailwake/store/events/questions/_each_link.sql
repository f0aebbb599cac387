-- Part: clicks in `scope` by campaign, template and number of the link; only clicks that count.
units as (
    select
        campaign,
        template,
        link,
        delivery,
        max(grade) as best,
        count(*) as event_count,
        sum(case when grade = 0 then 1 else 0 end) as by_machines
    from scope
    where reaction = 'clicked' and delivery is not null and link is not null
    group by campaign, template, link, delivery
)
select
    campaign,
    template,
    link,
    sum(event_count) as event_count,
    sum(by_machines) as by_machines,
    sum(case when best = 2 then 1 else 0 end) as human,
    sum(case when best = 1 then 1 else 0 end) as possible,
    sum(case when best = 0 then 1 else 0 end) as machine
from units
group by campaign, template, link
order by campaign, template, link
