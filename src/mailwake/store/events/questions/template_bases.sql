-- Of how many delivered copies of each template of a campaign may clicks be told? By template.
-- $campaign integer   id of the campaign
-- template            id
-- clicks_trackable    as in templates_counts, which counts everything else as well and takes longer
with copies as (
    select
        delivery,
        max(template) as name,
        max(case when type = 'sent' and modes % 16 = 3 then 1 else 0 end) as clicks_individual,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at
    from events
    where campaign = $campaign and delivery is not null
    group by delivery
)
select name as template, sum(clicks_individual * {part:_delivered}) as clicks_trackable
from copies
where name is not null
group by name
order by name
