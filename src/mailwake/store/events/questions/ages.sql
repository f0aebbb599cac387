-- How old was each copy when a person opened it, and clicked in it? Copies in the bases of the rates alone, in groups.
-- $campaign integer      id of the campaign
-- $sent_seconds integer  length of a group by the time of sending; groups start at 1970, UTC
-- $age_seconds integer   length of a group by age; ten times as long from 360 such lengths on, sixty times from 4,320 on, for
--                        what is told of an age needs a share of it, and the rows of a large campaign would be many
-- type                   opened or clicked
-- sent_at                start of the group, seconds
-- age                    of the copy at the event that decides, start of the group in seconds; -1: nothing happened
-- copies                 deliveries
-- expected, doubt        how many of them a person did, as in campaign_counts
-- human                  of them: with an event whose p_human is 0.5 or more
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:campaign},
firsts as (
    select delivery, reaction as kind, max(grade) as best, {div:min(deciding) % 2305843009213693952:512} as decided_at
    from scope
    where reaction is not null and delivery is not null
    group by delivery, reaction
),
bases as (
    select unit, 'opened' as kind, sent_at, opened_p as p from outcomes where was_delivered * opens_individual = 1
    union all
    select unit, 'clicked' as kind, sent_at, clicked_p as p from outcomes where was_delivered * clicks_individual = 1
),
aged as (
    select
        b.kind as kind,
        {div:b.sent_at:cast(1000000 as bigint) * $sent_seconds} * $sent_seconds as sent_at,
        case
            when f.decided_at is null or f.decided_at = 0 then -1
            else {div:greatest(f.decided_at - b.sent_at, 0):cast(1000000 as bigint) * $age_seconds}
        end as step,
        b.p as p,
        case when f.best = 2 then 1 else 0 end as is_human
    from bases as b
    left join firsts as f on f.delivery = b.unit and f.kind = b.kind
),
grouped as (
    select
        kind, sent_at, p, is_human,
        case
            when step < 0 then step
            when step < 360 then step * $age_seconds
            when step < 4320 then {div:step:10} * 10 * $age_seconds
            else {div:step:60} * 60 * $age_seconds
        end as age
    from aged
)
select
    kind as type,
    sent_at,
    age,
    count(*) as copies,
    sum(p) as expected,
    sum(p * (10000 - p)) as doubt,
    sum(is_human) as human
from grouped
group by kind, sent_at, age
order by type, sent_at, age
