-- Takes in the rows of `new_events` that are not known yet. {campaigns} says where a known id can be among settled events: an
-- id belongs to one campaign for good, so the search reads those campaigns alone. DuckDB only.
delete from new_events where exists (select 1 from provisional as p where p.id = new_events.id);

delete from new_events where exists (select 1 from unjudged as s where s.id = new_events.id and ({campaigns}));

delete from new_events where exists (select 1 from judged as s where s.id = new_events.id and ({campaigns}));

delete from new_events
where is_of_copy(id, type, delivery) and exists (
    select 1 from unjudged as s
    where s.delivery = new_events.delivery and s.type = new_events.type and s.id is null and ({campaigns})
);

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

insert into provisional by name
select * exclude (settled) from new_events where not settled;
