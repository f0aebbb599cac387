-- Part: counts of deliveries per {it}; goes after `_chances`.
-- An ESP sees the same opens and clicks as we do, so of the two sides the one that saw more counts, never their sum.
-- The byte of modes has opens above clicks, four bits each, and 3 is individual.
units as (
    select
        unit,
        max({it}) as name,
        max(case when type = 'sent' then 1 else 0 end) as was_sent,
        min(case when type = 'sent' then happened_at end) as sent_at,
        max(case when type = 'sent' and modes >= 48 then 1 else 0 end) as opens_individual,
        max(case when type = 'sent' and modes % 16 = 3 then 1 else 0 end) as clicks_individual,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at,
        max(case when type = 'deferred' then 1 else 0 end) as was_deferred,
        max(case when type = 'rejected' then 1 else 0 end) as was_rejected,
        max(case when type = 'failed' then 1 else 0 end) as was_failed,
        max(case when type = 'complained' then 1 else 0 end) as was_complained,
        max(case when type = 'unsubscribed' then 1 else 0 end) as was_unsubscribed,
        max(case when type = 'replied' then 1 else 0 end) as was_replied,
        max(case when reaction = 'opened' then grade end) as opened_grade,
        max(case when reaction = 'clicked' then grade end) as clicked_grade,
        greatest(
            sum(case when reaction = 'opened' and source <> 'esp' then 1 else 0 end),
            sum(case when reaction = 'opened' and source = 'esp' then 1 else 0 end)
        ) as opens,
        greatest(
            sum(case when reaction = 'clicked' and source <> 'esp' then 1 else 0 end),
            sum(case when reaction = 'clicked' and source = 'esp' then 1 else 0 end)
        ) as clicks
    from scope
    where unit is not null
    group by unit
),
outcomes as (
    select
        units.*,
        coalesce(c.opened_p, 0) as opened_p,
        coalesce(c.clicked_p, 0) as clicked_p,
        {part:_delivered} as was_delivered,
        case when was_sent = 1 and delivered_at is null and bounced_at is null and was_rejected + was_failed = 0 then 1
            else 0 end as is_unresolved
    from units
    left join chances as c on c.visited = units.unit
)
