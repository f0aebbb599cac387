-- Takes in those rows of `new_events` that are not settled. DuckDB only.
insert into provisional by name
select * exclude (settled) from new_events where not settled;
