-- Replaces the verdicts of provisional events by those in `new_verdicts`; settled events keep theirs. DuckDB only.
-- What is taken for something else than before, by class or grade, leaves its former verdict in `changes`.
insert into changes
with changed as (
    select p.id, p.campaign, p.delivery, p.p_human, p.klass, p.reasons, p.ruleset
    from provisional as p
    join new_verdicts as v on v.id = p.id
    where p.ruleset <> '' and p.delivery is not null
        and (
            p.klass is distinct from v.klass
            or (p.p_human >= 0.5) is distinct from (v.p_human >= 0.5)
            or (p.p_human >= 0.2) is distinct from (v.p_human >= 0.2)
        )
)
select
    c.id, c.campaign, c.delivery, max(q.happened_at + q.lag),
    (select count(*) from changes as k where k.id = c.id and k.delivery = c.delivery),
    c.p_human, c.klass, c.reasons, c.ruleset
from changed as c
join provisional as q on q.delivery = c.delivery
group by c.id, c.campaign, c.delivery, c.p_human, c.klass, c.reasons, c.ruleset;

update provisional set p_human = v.p_human, klass = v.klass, reasons = v.reasons, ruleset = v.ruleset
from new_verdicts as v
where provisional.id = v.id;
