-- Leaves in `new_events` what is not known yet. {campaigns} says where in `settled` a known id can be: an id belongs to one
-- campaign for good, so the search reads those campaigns alone. DuckDB only.
delete from new_events where exists (select 1 from provisional as p where p.id = new_events.id);

delete from new_events where exists (select 1 from settled as s where s.id = new_events.id and ({campaigns}));
