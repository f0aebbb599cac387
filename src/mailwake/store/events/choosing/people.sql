-- Whom does a choice choose, of all who were there before $until? {pieces} are its parts, {choice} combines them.
-- $until integer   microseconds
-- $limit integer   people
-- $offset integer  people to pass over
-- $after integer   only handles above this one
-- recipient        handle, in order
with everybody as (select distinct recipient from events where recipient is not null and happened_at < $until){pieces}
select recipient
from everybody
where recipient > $after and {choice}
order by recipient
limit $limit offset $offset
