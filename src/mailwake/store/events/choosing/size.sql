-- How many people does a choice choose, of all who were there before $until? See ``people``.
-- $until integer    microseconds
-- size, everybody   people
with everybody as (select distinct recipient from events where recipient is not null and happened_at < $until){pieces}
select coalesce(sum(case when {choice} then 1 else 0 end), 0) as size, coalesce(count(*), 0) as everybody
from everybody
