-- Who is in a state of engagement? A sign is an open or a click that was probably a person's, an answer, a goal reached.
-- Where there never was one, time runs from the first mail that could have told of one.
-- $state text             active, lapsing or dormant
-- $active_since integer   a sign at this time or later makes active, microseconds
-- $dormant_since integer  none since this time makes dormant
-- $until integer          what happened at this time or later does not count
-- recipient
select recipient
from (
    select
        recipient,
        max(case when (reaction is not null and grade = 2) or type in ('replied', 'converted') then happened_at end)
            as sign_at,
        min(case
            when type in ('sent', 'delivered') and (modes % 16 = 3 or {div:modes:16} = 3) then happened_at
        end) as watched_at
    from events
    where recipient is not null and happened_at < $until
    group by recipient
) as people
where case
        when sign_at >= $active_since then 'active'
        when coalesce(sign_at, watched_at) >= $active_since then 'new'
        when coalesce(sign_at, watched_at) >= $dormant_since then 'lapsing'
        when coalesce(sign_at, watched_at) < $dormant_since then 'dormant'
        else 'unwatched'
    end = $state
