-- How many people was a campaign sent to, whose goals may be told of them?
-- $campaign integer  id of the campaign
-- people             each once, whatever became of the copy
-- sent_from          of the first copy, microseconds
select count(distinct recipient) as people, min(happened_at) as sent_from
from events
where campaign = $campaign and type = 'sent' and recipient is not null and modes % 16 = 3
