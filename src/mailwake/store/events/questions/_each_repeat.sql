-- Part: how people came back to copies in `scope`, by campaign. What one program did with a copy is put together first:
-- a set of programs for each of millions of copies would take many times the memory.
programs as (
    select
        campaign,
        delivery,
        case
            when device <> 'proxied' and agent_kind not in ('image_proxy', 'privacy_proxy') then coalesce(client, '') || ' ' || device
        end as program,
        min(happened_at) as first_at,
        max(happened_at) as last_at,
        min(case when agent_kind not in ('image_proxy', 'privacy_proxy') then country end) as one_country,
        max(case when agent_kind not in ('image_proxy', 'privacy_proxy') then country end) as another_country
    from scope
    where reaction in ('opened', 'clicked') and grade = 2 and delivery is not null
    group by campaign, delivery, program
),
copies as (
    select
        campaign,
        delivery,
        min(first_at) as first_at,
        max(last_at) as last_at,
        count(program) as devices,
        case when min(one_country) <> max(another_country) then 1 else 0 end as was_abroad
    from programs
    group by campaign, delivery
)
select
    campaign,
    count(*) as copies,
    sum(case when {div:first_at:86400000000} <> {div:last_at:86400000000} then 1 else 0 end) as several_days,
    sum(case when last_at - first_at >= 1209600000000 then 1 else 0 end) as returned,
    sum(case when devices > 1 then 1 else 0 end) as several_devices,
    sum(case when devices > 2 or (devices > 1 and was_abroad = 1) then 1 else 0 end) as passed_on
from copies
group by campaign
order by campaign
