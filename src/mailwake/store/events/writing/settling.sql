-- Chooses provisional events whose delivery is done, for `settle`. DuckDB only.
-- A settled verdict settles its whole delivery; an event that names no delivery settles by its own verdict. Further, a
-- delivery settles when nothing happened to it at or after $before (microseconds; null: none settles so).
delete from done;

insert into done
select p.id
from provisional as p
where p.delivery in (select q.delivery from provisional as q join new_verdicts as v on v.id = q.id where v.settled)
union
select p.id
from provisional as p
join new_verdicts as v on v.id = p.id
where v.settled
union
select id
from provisional
where $before is not null
    and coalesce(delivery, -id) not in (select coalesce(delivery, -id) from provisional where happened_at >= $before);
