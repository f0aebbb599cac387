-- Of each template, how many copies were sent between two times?
-- $since integer  from this time on, microseconds
-- $until integer  before this time
-- template        of the copies
-- sent            copies
select template, count(distinct delivery) as sent
from events
where type = 'sent' and template is not null and delivery is not null and happened_at >= $since and happened_at < $until
group by template
order by template
