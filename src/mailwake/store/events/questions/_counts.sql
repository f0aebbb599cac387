-- Part: counts of deliveries per {it}; goes after `_chances`.
-- An ESP sees the same opens and clicks as we do, so of the two sides the one that saw more counts, never their sum.
-- What a delivery came through is a number with a bit for each, `marks`: one sum for each would cost half as much again.
-- The byte of modes has opens above clicks, four bits each, and 3 is individual.
units as (
    select
        unit,
        max({it}) as name,
        {bits:case type
            when 'sent' then 1 + case when modes >= 48 then 2 else 0 end + case when modes % 16 = 3 then 4 else 0 end
            when 'deferred' then 8
            when 'rejected' then 16
            when 'failed' then 32
            when 'complained' then 64
            when 'unsubscribed' then 128
            when 'replied' then 256
            else 0
        end} as marks,
        min(case when type = 'sent' then happened_at end) as sent_at,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at,
        max(case when reaction = 'opened' then grade end) as opened_grade,
        max(case when reaction = 'clicked' then grade end) as clicked_grade,
        greatest(
            count(case when reaction = 'opened' and source <> 'esp' then 1 end),
            count(case when reaction = 'opened' and source = 'esp' then 1 end)
        ) as opens,
        greatest(
            count(case when reaction = 'clicked' and source <> 'esp' then 1 end),
            count(case when reaction = 'clicked' and source = 'esp' then 1 end)
        ) as clicks
    from scope
    where unit is not null
    group by unit
),
marked as (
    select
        units.*,
        marks % 2 as was_sent,
        {div:marks:2} % 2 as opens_individual,
        {div:marks:4} % 2 as clicks_individual,
        {div:marks:8} % 2 as was_deferred,
        {div:marks:16} % 2 as was_rejected,
        {div:marks:32} % 2 as was_failed,
        {div:marks:64} % 2 as was_complained,
        {div:marks:128} % 2 as was_unsubscribed,
        {div:marks:256} % 2 as was_replied
    from units
),
outcomes as (
    select
        marked.*,
        coalesce(c.opened_p, 0) as opened_p,
        coalesce(c.clicked_p, 0) as clicked_p,
        {part:_delivered} as was_delivered,
        case when was_sent = 1 and delivered_at is null and bounced_at is null and was_rejected + was_failed = 0 then 1
            else 0 end as is_unresolved
    from marked
    left join chances as c on c.visited = marked.unit
)
