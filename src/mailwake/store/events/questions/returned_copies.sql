-- Which copies were refused for good, and not delivered after all? In order of the last refusal, then of units.
-- $campaign integer  id of the only campaign; 0: all of them
-- $since integer     only what was refused from then on, microseconds
-- unit               the delivery; of what has none, a number of its own
-- campaign, recipient  null: not known
-- domain             as stored: itself, or a keyed stand-in; null: not known
-- reason             words of the other side; null: none were told
-- bounced_at         microseconds
with refused as (
    select unit as back
    from events
    where type = 'bounced' and unit is not null and happened_at >= $since and ($campaign = 0 or campaign = $campaign)
),
copies as (
    select
        unit as copy,
        max(campaign) as mail,
        max(recipient) as person,
        max(domain) as place,
        max(case when type = 'bounced' then reason end) as words,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at
    from events
    where type in ('sent', 'delivered', 'bounced') and unit in (select back from refused)
    group by unit
)
select copy as unit, mail as campaign, person as recipient, place as domain, words as reason, bounced_at
from copies
where {part:_delivered} = 0
order by bounced_at, copy
