-- What would a sunset have spared and lost? Had nobody been mailed any more who had given no sign for so long when
-- a copy was sent; whoever was left out once stays out. Signs as in choosing/engaged.sql.
-- $since integer      copies sent at this time or later, microseconds; the sunset starts here
-- $until integer      and before this time; periods are counted back from here
-- $gap integer        so long without a sign, microseconds
-- $parts integer      recipients are looked at in so many parts, for each of which there is memory
-- $part integer       this one, from 0; answers of all of them add up
-- period              0 for the last 30 days, 1 for the 30 before
-- copies, spared      copies sent; of these to people left out
-- clicked, lost       copies a person probably clicked in; of these spared ones
-- people, left_out    who were sent a copy; of these left out
with sent as (
    select delivery as copy, max(recipient) as person, min(happened_at) as moment, 0 as is_sign,
        max(case when modes % 16 = 3 or {div:modes:16} = 3 then 1 else 0 end) as is_watched
    from events
    where type = 'sent' and delivery is not null and abs(recipient % $parts) = $part and happened_at < $until
    group by delivery
),
signs as (
    select cast(null as {maybe_integer}) as copy, recipient as person, happened_at as moment, 1 as is_sign, 0 as is_watched
    from events
    where abs(recipient % $parts) = $part and happened_at < $until
        and ((reaction is not null and grade = 2) or type in ('replied', 'converted'))
),
lives as (
    select copy, person, moment, is_sign,
        max(case when is_sign = 1 then moment end)
            over (partition by person order by moment, is_sign desc rows between unbounded preceding and current row)
            as last_sign,
        min(case when is_watched = 1 then moment end) over (partition by person) as first_watched
    from (select * from sent union all select * from signs) as moments
),
ends as (
    select copy, person, moment,
        min(case when coalesce(last_sign, first_watched) + $gap <= moment then moment end)
            over (partition by person) as ends_at
    from lives
    where is_sign = 0 and moment >= $since
),
pressed as (
    select delivery as pressed_copy, 1 as was_pressed
    from events
    where reaction = 'clicked' and grade = 2 and delivery is not null and happened_at < $until
    group by delivery
)
select
    {div:$until - 1 - moment:cast(2592000000000 as bigint)} as period,
    count(*) as copies,
    sum(case when moment >= ends_at then 1 else 0 end) as spared,
    coalesce(sum(was_pressed), 0) as clicked,
    coalesce(sum(case when moment >= ends_at then was_pressed end), 0) as lost,
    count(distinct person) as people,
    coalesce(count(distinct case when moment >= ends_at then person end), 0) as left_out
from ends
left join pressed on pressed_copy = copy
group by period
order by period
