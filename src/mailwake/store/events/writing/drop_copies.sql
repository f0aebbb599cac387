-- The same for events whose id is that of their copy, which settled events do not keep. DuckDB only.
delete from new_events
where is_of_copy(id, type, delivery) and exists (
    select 1 from unjudged as s
    where s.delivery = new_events.delivery and s.type = new_events.type and s.id is null and ({campaigns})
);
