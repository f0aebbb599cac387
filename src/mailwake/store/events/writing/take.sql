-- Adds `new_taken` to what was counted before. DuckDB only.
update taken set n = taken.n + c.n
from (select writer, term, sum(n) as n from new_taken group by all) as c
where taken.writer = c.writer and taken.term = c.term;

insert into taken
select writer, term, sum(n)
from new_taken as c
where not exists (select 1 from taken as k where k.writer = c.writer and k.term = c.term)
group by all;
