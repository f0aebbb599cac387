-- How many people are known by an event?
-- $until integer  of before this time, microseconds
-- everybody   people
select count(*) as everybody
from (select distinct recipient from events where recipient is not null and happened_at < $until) as people
