-- Keeps the verdicts that those in `replayed` will replace, and forgets those kept before. DuckDB only.
delete from former;

insert into former
select b.id, b.p_human, b.klass, b.reasons, b.ruleset
from (select * from settled union all select * from provisional) as b
join replayed as r on r.id = b.id;
