-- Which links did a person follow, in which copy, and how often? By recipient, copy and link.
-- $since integer  only clicks since then, microseconds
-- $until integer  what we learned of later does not count, microseconds
-- recipient, delivery, template, link  of the copy and the link in it
-- clicks          of a person; what is only possible is left out
-- last_at         the latest of them, microseconds
with scope as (
    select * from events
    where recipient is not null and delivery is not null and link is not null and received_at <= $until
        and reaction = 'clicked' and grade = 2 and happened_at >= $since
)
select
    max(recipient) as recipient,
    delivery,
    max(template) as template,
    link,
    count(*) as clicks,
    max(happened_at) as last_at
from scope
group by delivery, link
order by recipient, delivery, link
