-- Replaces the verdicts of provisional events by those in `new_verdicts`, and notes each change of a verdict that stood;
-- settled events keep theirs. DuckDB only.
insert into open_changes
select
    p.id, p.delivery, coalesce(c.seq, 0) + 1, v.changed_at, p.p_human, p.klass, v.p_human, v.klass, v.cause, v.ruleset
from new_verdicts as v
join provisional as p on p.id = v.id
left join (select event, max(seq) as seq from open_changes group by event) as c on c.event = p.id
where p.klass is not null and (p.p_human is distinct from v.p_human or p.klass is distinct from v.klass);

update provisional set p_human = v.p_human, klass = v.klass, reasons = v.reasons, ruleset = v.ruleset
from new_verdicts as v
where provisional.id = v.id;
