-- Moves what `settling` chose to the settled table. DuckDB only.
insert into settled
select * from provisional where id in (select id from done) order by campaign, delivery, happened_at, id;

delete from provisional where id in (select id from done);

insert into verdict_changes
select * from open_changes where event in (select id from done) order by delivery, event, seq;

delete from open_changes where event in (select id from done);
