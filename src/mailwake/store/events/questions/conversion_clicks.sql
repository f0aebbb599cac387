-- Which links did a person follow before a goal was reached, within its window? One row per goal reached and place.
-- $goal text       name of the goal; empty: every one
-- $since integer   goals reached from then on, microseconds
-- $until integer   and before this time
-- $window integer  a click so long before may have led to it, microseconds
-- conversion       id of the event of the goal
-- campaign, template, delivery, link  what was clicked
-- first_at, last_at  the first and the last such click
with reached as (
    select id, happened_at as reached_at, recipient as who
    from events
    where type = 'converted' and recipient is not null and happened_at >= $since and happened_at < $until
        and ($goal = '' or substring(reason, 1, length($goal) + 1) = $goal || ' ')
),
clicks as (
    select recipient, campaign, template, delivery, link, happened_at
    from events
    where reaction = 'clicked' and grade = 2 and delivery is not null and link is not null and template is not null
        and campaign is not null and happened_at >= $since - $window and happened_at < $until
)
select
    r.id as conversion, c.campaign as campaign, c.template as template, c.delivery as delivery, c.link as link,
    min(c.happened_at) as first_at, max(c.happened_at) as last_at
from reached as r
inner join clicks as c on c.recipient = r.who
where c.happened_at <= r.reached_at and c.happened_at > r.reached_at - $window
group by r.id, c.campaign, c.template, c.delivery, c.link
order by conversion, campaign, template, delivery, link
