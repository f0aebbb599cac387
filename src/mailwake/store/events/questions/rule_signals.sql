-- What did people do, and what came back, that a rule may be about? In order of time.
-- $since integer  after this time, microseconds
-- $until integer  up to this time
-- $grade integer  opens and clicks of this grade at least: 2 by people alone, 0 all
-- id, type, happened_at, received_at, source, campaign, template, delivery, recipient, link, role, p_human, klass, reason  as in the table
-- settled        1: the verdict is final but for replays
-- replayed_from  the lowest P(human) before a replay changed it, 0-1; null: no replay did
with replays as (
    select event, min(coalesce(old_p, 0.0)) as lowest
    from (select * from verdict_changes union all select * from open_changes) as changes
    where changed_at in (select swapped_at from swaps)
    group by event
)
select
    id, type, happened_at, received_at, source, campaign, template, delivery, recipient, link, role, p_human, klass, reason,
    case when id in (select id from provisional) then 0 else 1 end as settled,
    lowest as replayed_from
from events
left join replays on event = id
where recipient is not null and happened_at > $since and happened_at <= $until
    and ((reaction = 'clicked' and grade >= $grade) or type in ('bounced', 'replied', 'complained'))
order by happened_at, id
