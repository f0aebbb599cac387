-- Removes the rows of `old_units`, and whatever is said about them. DuckDB only.
create or replace temp table old_events as
select coalesce(id, copy_id(type, delivery)) as id
from settled
where coalesce(delivery, -id) in (select unit from old_units)
union
select id from provisional where coalesce(delivery, -id) in (select unit from old_units);

delete from verdict_changes where event in (select id from old_events);

delete from open_changes where event in (select id from old_events);

delete from former where id in (select id from old_events);

delete from news where event in (select id from old_events);

delete from unjudged where coalesce(delivery, -id) in (select unit from old_units);

delete from judged where coalesce(delivery, -id) in (select unit from old_units);

delete from provisional where coalesce(delivery, -id) in (select unit from old_units)
