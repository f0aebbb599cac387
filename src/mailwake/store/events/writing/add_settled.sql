-- Takes in the settled rows of `new_events`; after `add_none_twice`. DuckDB only.
insert into settled by name
select * exclude (settled) from new_events where settled order by campaign, delivery, happened_at, id;
