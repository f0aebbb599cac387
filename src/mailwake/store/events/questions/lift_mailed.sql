-- How many people was a campaign sent to, whose goals may be told of them?
-- $campaign integer  id of the campaign
-- $gone text         handles of people who withdrew, with commas between
-- people             each once, whatever became of the copy
-- sent_to            when the last of them was sent their first copy, microseconds
select count(*) as people, max(sent_at) as sent_to
from (
    select min(happened_at) as sent_at
    from events
    where campaign = $campaign and type = 'sent' and recipient is not null and modes % 16 = 3
        and case when recipient in ({each:$gone}) then 0 else 1 end = 1
    group by recipient
) as mailed
