-- Which recipients opened or clicked themselves? Some of them, in order of handles.
-- $since integer   from then on, microseconds
-- $limit integer   rows
-- recipient        handle
select distinct recipient
from events
where recipient is not null and happened_at >= $since and reaction is not null and grade = 2
order by recipient
limit $limit
