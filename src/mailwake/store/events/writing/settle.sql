-- Moves provisional events whose delivery is done. DuckDB only.
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

insert into settled
select * from provisional where id in (select id from done) order by campaign, delivery, happened_at, id;

delete from provisional where id in (select id from done);

insert into verdict_changes
select * from open_changes where event in (select id from done) order by delivery, event, seq;

delete from open_changes where event in (select id from done);
