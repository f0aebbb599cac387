-- Keeps the verdicts that those in `replayed` will replace, and forgets those kept before. DuckDB only.
delete from former;

insert into former
select b.id, b.p_human, b.klass, b.reasons, b.ruleset
from (
    select id, p / 10000.0 as p_human, klass, reasons, ruleset from judged
    union all
    select id, p_human, klass, reasons, ruleset from provisional
) as b
join replayed as r on r.id = b.id;
