-- Who opened or clicked lately, as persons? The latest first, each once. Copies are counted of those alone who are told.
-- $since integer  what happened at this time or later counts, microseconds
-- $limit integer  rows
-- recipient       handle
-- last_at         their latest open or click, microseconds
-- opened, clicked  copies in which they did since then
with latest as (
    select recipient as person, max(happened_at) as last_at
    from events
    where recipient is not null and reaction is not null and grade = 2 and happened_at >= $since
    group by recipient
    order by last_at desc, person
    limit $limit
)
select
    recipient,
    max(happened_at) as last_at,
    count(distinct case when reaction = 'opened' then delivery end) as opened,
    count(distinct case when reaction = 'clicked' then delivery end) as clicked
from events
where reaction is not null and grade = 2 and happened_at >= $since and recipient in (select person from latest)
group by recipient
order by last_at desc, recipient
