-- Who was mailed in mode deliverability both before a moment and since? One row per recipient.
-- $since integer     the moment, microseconds
-- recipient          handle
select recipient
from events
where type = 'sent' and recipient is not null and {div:modes:16} = 2
group by recipient
having min(happened_at) < $since and max(happened_at) >= $since
order by recipient
