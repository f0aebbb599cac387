-- How old was each copy when a person opened it, and clicked in it? Copies in the bases of the rates alone, in groups.
-- Each event counts by what it adds: what is said of an age is what events until then say, however late others came.
-- $campaign integer      id of the campaign
-- $sent_seconds integer  length of a group by the time of sending; groups start at 1970, UTC
-- $age_seconds integer   length of a group by age; ten times as long from 360 such lengths on, sixty times from 4,320 on, for
--                        what is told of an age needs a share of it, and the rows of a large campaign would be many
-- type                   opened or clicked
-- sent_at                start of the group, seconds
-- age                    of the copy at the event, start of the group in seconds; -1: nothing happened
-- copies                 deliveries, each at the first event that adds anything
-- expected, doubt        how many of them a person did, as in campaign_counts, less what was so before; doubt may be negative
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:campaign},
bases as (
    select unit, 'opened' as kind, sent_at from outcomes where was_delivered * opens_individual = 1
    union all
    select unit, 'clicked' as kind, sent_at from outcomes where was_delivered * clicks_individual = 1
),
{part:_growing},
aged as (
    select
        b.kind as kind,
        {div:b.sent_at:cast(1000000 as bigint) * $sent_seconds} * $sent_seconds as sent_at,
        case
            when g.p is null or g.p = 0 then -1
            else {div:greatest(g.happened_at - b.sent_at, 0):cast(1000000 as bigint) * $age_seconds}
        end as step,
        case when coalesce(g.before, 0) = 0 then 1 else 0 end as one,
        coalesce(g.p - g.before, 0) as p,
        coalesce(g.p * (10000 - g.p) - g.before * (10000 - g.before), 0) as doubt
    from bases as b
    left join growing as g on g.delivery = b.unit and g.kind = b.kind
)
select
    kind as type,
    sent_at,
    case
        when step < 360 then greatest(step * $age_seconds, -1)
        when step < 4320 then {div:step:10} * 10 * $age_seconds
        else {div:step:60} * 60 * $age_seconds
    end as age,
    sum(one) as copies,
    sum(p) as expected,
    sum(doubt) as doubt
from aged
group by type, sent_at, age
order by type, sent_at, age
