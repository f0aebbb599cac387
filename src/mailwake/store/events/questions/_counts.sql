-- Part: counts of deliveries per {it}; goes after `_chances`. A delivery is delivered when it has such an event and no bounce later; a bounce
-- tells its time in whole seconds (RFC 5322 section 3.3), so "later" is taken to the second.
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
        sum(case when reaction = 'opened' then 1 else 0 end) as opens,
        sum(case when reaction = 'clicked' then 1 else 0 end) as clicks
    from scope
    where unit is not null
    group by unit
),
outcomes as (
    select
        units.*,
        coalesce(c.opened_p, 0) as opened_p,
        coalesce(c.clicked_p, 0) as clicked_p,
        case
            when delivered_at is null then 0
            when bounced_at >= delivered_at - delivered_at % 1000000 then 0
            else 1
        end as was_delivered,
        case when was_sent = 1 and delivered_at is null and bounced_at is null and was_rejected + was_failed = 0 then 1
            else 0 end as is_unresolved
    from units
    left join chances as c on c.visited = units.unit
)
