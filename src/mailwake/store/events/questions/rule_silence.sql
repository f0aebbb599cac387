-- Who had, between two times, just been without a sign for so long, though mail was sent? By recipient.
-- A sign is what makes people active in segments; where there never was one, time runs from the first mail that could
-- have told of one.
-- $gap integer    so long, microseconds
-- $since integer  it was full after this time, microseconds
-- $until integer  it was full up to this time; nothing later counts
-- $sends integer  at least so many copies were sent meanwhile
-- recipient       handle
-- quiet_from      the last sign, microseconds
-- sends           copies sent since
with signs as (
    select
        recipient as who,
        coalesce(
            max(case when (reaction is not null and grade = 2) or type in ('replied', 'converted') then happened_at end),
            min(case
                when type in ('sent', 'delivered') and (modes % 16 = 3 or {div:modes:16} = 3) then happened_at
            end)
        ) as quiet_from
    from events
    where recipient is not null and happened_at <= $until
    group by recipient
),
quiet as (select who, quiet_from from signs where quiet_from + $gap > $since and quiet_from + $gap <= $until)
select recipient, quiet_from, count(distinct delivery) as sends
from events
join quiet on who = recipient
where type = 'sent' and happened_at >= quiet_from and happened_at <= $until
group by recipient, quiet_from
having count(distinct delivery) >= $sends
order by recipient
