-- Of a campaign's copies with a second pixel at the end: which did a person open, and whose client fetched the end too?
-- Only opens of probably a person, by a program that fetches when somebody looks; the end counts when the same program
-- fetched it about then.
-- $campaign integer  id of the campaign
-- $sooner integer    the end may come so much sooner than the open, microseconds
-- $later integer     and so much later, microseconds
-- domain             as stored; null where it is not known
-- people             different recipients of them
-- one, another       two of them
-- copies             that carry both
-- opened             of those, copies that anybody or anything opened
-- readers            of those, copies that a person opened so
-- reached            of those, copies whose end was fetched
with mails as (
    select delivery as unit, max(domain) as place, max(recipient) as owner
    from events
    where campaign = $campaign and type = 'sent' and note = 'end_pixel' and delivery is not null
    group by delivery
),
ends as (
    select delivery as unit, happened_at as ended_at, agent as program
    from events
    where campaign = $campaign and type = 'unknown' and note = 'end_pixel' and delivery is not null
),
looks as (
    select
        delivery as unit, happened_at as opened_at, agent as program,
        case when grade = 2 and klass <> 'mpp' and klass <> 'prefetch' then 1 else 0 end as is_person
    from events
    where campaign = $campaign and type = 'opened' and delivery is not null
),
told as (
    select
        k.unit as unit,
        max(k.is_person) as was_read,
        max(
            case
                when k.is_person = 1 and e.ended_at >= k.opened_at - $sooner and e.ended_at <= k.opened_at + $later then 1
                else 0
            end
        ) as was_reached
    from looks as k
    left join ends as e on e.unit = k.unit and e.program = k.program
    group by k.unit
)
select
    m.place as domain,
    count(distinct m.owner) as people,
    min(m.owner) as one,
    max(m.owner) as another,
    count(*) as copies,
    sum(case when t.was_read is null then 0 else 1 end) as opened,
    sum(coalesce(t.was_read, 0)) as readers,
    sum(coalesce(t.was_reached, 0)) as reached
from mails as m
left join told as t on t.unit = m.unit
group by m.place
order by m.place
