-- Who clicked on one link? In order of their first click.
-- $campaign integer     id of the campaign
-- $template integer     id of the template
-- $link integer         number of the link
-- $who text             '' for all; or human, possible, machine: those who are sorted so for this link
-- $limit integer        rows
-- $offset integer       rows to pass over
-- delivery, recipient   ids
-- grade                 human, possible or machine, for this link
-- event_count           clicks
-- first_at, last_at     microseconds
-- total                 deliveries that $who lets through, on every row
with units as (
    select
        delivery,
        max(recipient) as recipient,
        {grade:max(grade)} as best,
        count(*) as event_count,
        min(happened_at) as first_at,
        max(happened_at) as last_at
    from events
    where campaign = $campaign and template = $template and link = $link and reaction = 'clicked'
        and delivery is not null
    group by delivery
)
select delivery, recipient, best as grade, event_count, first_at, last_at, count(*) over () as total
from units
where $who = '' or best = $who
order by first_at, delivery
limit $limit offset $offset
