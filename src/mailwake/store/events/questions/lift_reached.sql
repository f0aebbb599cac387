-- Which of the people that a campaign was sent to reached a goal within its window, as a shop's server says
-- without a reference to a copy?
-- $campaign integer  id of the campaign
-- $goal text         name of the goal
-- $window integer    after the copy was sent, microseconds
-- recipient          handle
-- happened_at        of the goal, microseconds
-- id, reason         of its event
with mailed as (
    select recipient as who, min(happened_at) as sent_at
    from events
    where campaign = $campaign and type = 'sent' and recipient is not null and modes % 16 = 3
    group by recipient
)
select e.recipient as recipient, e.happened_at as happened_at, e.id as id, e.reason as reason
from events as e
inner join mailed as m on m.who = e.recipient
where e.type = 'converted' and e.source = 'api' and e.delivery is null
    and substring(e.reason, 1, length($goal) + 1) = $goal || ' '
    and e.happened_at >= m.sent_at and e.happened_at < m.sent_at + $window
order by recipient, happened_at, id
