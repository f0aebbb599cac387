-- Which campaign had last mailed whoever reached a goal, within its window? One row per goal reached and campaign.
-- $goal text       name of the goal; empty: every one
-- $since integer   goals reached from then on, microseconds
-- $until integer   and before this time
-- $window integer  mail so long before may have led to it, microseconds
-- conversion       id of the event of the goal
-- campaign         that was delivered to them before
-- sent_at          when last, microseconds
with reached as (
    select id, happened_at as reached_at, recipient as who
    from events
    where type = 'converted' and recipient is not null and happened_at >= $since and happened_at < $until
        and ($goal = '' or substring(reason, 1, length($goal) + 1) = $goal || ' ')
),
mails as (
    select recipient, campaign, happened_at
    from events
    where type = 'delivered' and campaign is not null and happened_at >= $since - $window and happened_at < $until
)
select r.id as conversion, m.campaign as campaign, max(m.happened_at) as sent_at
from reached as r
inner join mails as m on m.recipient = r.who
where m.happened_at <= r.reached_at and m.happened_at > r.reached_at - $window
group by r.id, m.campaign
order by conversion, campaign
