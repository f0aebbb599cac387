-- How many copies were sent to one recipient domain?
-- $domain text    as stored
-- $since integer  from then on, microseconds
-- $until integer  and up to then, microseconds
-- n               copies
select count(*) as n
from events
where domain = $domain and type = 'sent' and happened_at >= $since and happened_at <= $until
