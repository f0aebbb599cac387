-- Moves what `settling` chose to the settled events. DuckDB only.
insert into unjudged by name
select * exclude (p_human) replace (case when is_of_copy(id, type, delivery) then null else id end as id), parts(p_human) as p
from provisional
where id in (select id from done) and klass is null
order by campaign, delivery, happened_at, provisional.id;

insert into judged by name
select * exclude (p_human), parts(p_human) as p
from provisional
where id in (select id from done) and klass is not null
order by campaign, delivery, happened_at, id;

delete from provisional where id in (select id from done);

insert into verdict_changes
select * from open_changes where event in (select id from done) order by delivery, event, seq;

delete from open_changes where event in (select id from done);
