-- Of whom did we learn something between two times, or judge it differently? Recipients by handle.
-- $since integer  after this time, microseconds
-- $until integer  up to this time
-- $after integer  only handles above this one
-- $limit integer  rows
-- recipient       handle
with changed as (
    select event
    from (select * from verdict_changes union all select * from open_changes) as changes
    where changed_at > $since and changed_at <= $until
)
select distinct recipient
from events
where recipient is not null and recipient > $after
    and ((received_at > $since and received_at <= $until) or kept in (select event from changed))
order by recipient
limit $limit
