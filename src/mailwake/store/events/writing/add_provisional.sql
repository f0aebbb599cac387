-- Takes in the rows of `new_events` that are not settled; after `add_none_twice`. DuckDB only.
insert into provisional by name
select * exclude (settled) from new_events where not settled;
