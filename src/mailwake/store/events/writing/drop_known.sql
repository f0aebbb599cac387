-- Drops those rows of `new_events` that are known; {campaigns} says where among settled events a known id can be: an id belongs
-- to one campaign for good, so the search reads those campaigns alone. DuckDB only.
delete from new_events
where id in (
    select id from provisional
    union all
    select s.id from judged as s where {campaigns}
    union all
    select s.id from unjudged as s where s.id is not null and ({campaigns})
);
