-- Which goals were reached, by whom? In order of time; `reason` says which goal and what it was worth.
-- $goal text      name of the goal; empty: every one
-- $since integer  from then on, microseconds
-- $until integer  and before this time
-- id, happened_at  of the event; microseconds
-- recipient        handle
-- campaign, template, delivery, link  of the click that was handed back; null: none was
-- source, note, reason  as in the table
select id, happened_at, recipient, campaign, template, delivery, link, source, note, reason
from events
where type = 'converted' and recipient is not null and happened_at >= $since and happened_at < $until
    and ($goal = '' or substring(reason, 1, length($goal) + 1) = $goal || ' ')
order by happened_at, id
