-- Who gave a sign of their own, when last? A click of a person, an answer, a goal. A part at a time, in order of handles.
-- $since integer   from then on, microseconds
-- $until integer   and before this time
-- $after integer   only handles above this one
-- $limit integer   rows
-- recipient        handle
-- last_at          of their last sign, microseconds
select recipient, max(happened_at) as last_at
from events
where recipient is not null and recipient > $after and happened_at >= $since and happened_at < $until
    and ((reaction = 'clicked' and grade = 2) or type in ('replied', 'converted'))
group by recipient
order by recipient
limit $limit
