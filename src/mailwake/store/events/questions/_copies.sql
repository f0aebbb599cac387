-- Part: copies sent since $since, and what reacted to them, one row each. A copy is in the base of click rates when it was
-- delivered, did not bounce later and was sent with the clicks axis at `individual`, as in campaign_counts.
scope as (
    select *
    from events
    where happened_at >= $since and delivery is not null and domain is not null
        and (type in ('sent', 'delivered', 'bounced', 'clicked') or note = 'decoy')
),
followed as (
    select delivery, link, max(grade) as best
    from scope
    where reaction = 'clicked'
    group by delivery, link
),
reactions as (
    select
        delivery,
        sum(case when best = 0 then 1 else 0 end) as machine_links,
        sum(case when best > 0 then 1 else 0 end) as other_links
    from followed
    group by delivery
),
copies as (
    select
        delivery,
        max(domain) as domain,
        max(recipient) as recipient,
        max(links) as links,
        max(case when type = 'sent' then 1 else 0 end) as was_sent,
        max(case when type = 'sent' and modes % 16 = 3 then 1 else 0 end) as clicks_individual,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at,
        coalesce(min(case when type = 'delivered' then happened_at end), min(case when type = 'sent' then happened_at end))
            as anchor,
        sum(case when reaction = 'clicked' and p_human is not null then 1 else 0 end) as clicks,
        sum(case when reaction = 'clicked' then 10000 - cast(round(coalesce(p_human, 1.0) * 10000) as bigint) else 0 end)
            as machine_parts,
        max(case when note = 'decoy' then 1 else 0 end) as was_baited
    from scope
    group by delivery
)
