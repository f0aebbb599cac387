-- Takes in those rows of `new_events` that are settled. DuckDB only.
insert into unjudged by name
select * exclude (settled, p_human) replace (case when is_of_copy(id, type, delivery) then null else id end as id),
    parts(p_human) as p
from new_events
where settled and klass is null
order by campaign, delivery, happened_at, new_events.id;

insert into judged by name
select * exclude (settled, p_human), parts(p_human) as p
from new_events
where settled and klass is not null
order by campaign, delivery, happened_at, id;
