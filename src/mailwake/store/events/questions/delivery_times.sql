-- When was each copy delivered, and when sent? What a judge must know again after a restart.
-- $since integer  only what happened from then on, microseconds
-- $until integer  and before then, microseconds
-- delivery        id of the delivery
-- type            sent or delivered
-- first_at        the first of its kind, microseconds
select delivery, type, min(happened_at) as first_at
from events
where type in ('sent', 'delivered') and delivery is not null and happened_at >= $since and happened_at < $until
group by delivery, type
order by delivery, type
