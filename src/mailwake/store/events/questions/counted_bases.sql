-- Behind how many delivered copies of each template may hits only be counted (mode aggregate)? By template.
-- $campaign integer   id of the campaign
-- template            id
-- opens, clicks       copies
with copies as (
    select
        delivery,
        max(template) as name,
        max(case when type = 'sent' and {div:modes:16} = 1 then 1 else 0 end) as opens_counted,
        max(case when type = 'sent' and modes % 16 = 1 then 1 else 0 end) as clicks_counted,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at
    from events
    where campaign = $campaign and delivery is not null
    group by delivery
)
select
    name as template,
    sum(opens_counted * {part:_delivered}) as opens,
    sum(clicks_counted * {part:_delivered}) as clicks
from copies
where name is not null
group by name
order by name
