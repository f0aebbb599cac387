-- Who clicked on one link? In order of their first click.
-- $campaign integer     id of the campaign
-- $template integer     id of the template
-- $link integer         number of the link
-- $limit integer        rows
-- $offset integer       rows to pass over
-- delivery, recipient   ids
-- grade                 human, possible or machine, for this link
-- event_count           clicks
-- first_at, last_at     microseconds
select
    delivery,
    max(recipient) as recipient,
    {grade:max(grade)} as grade,
    count(*) as event_count,
    min(happened_at) as first_at,
    max(happened_at) as last_at
from events
where campaign = $campaign and template = $template and link = $link and reaction = 'clicked' and delivery is not null
group by delivery
order by first_at, delivery
limit $limit offset $offset
