-- Puts the verdicts of `replayed` in place, of settled events too, and notes each change and that it was done. DuckDB only.
-- Settled rows are written anew and not updated: an update of texts in place takes ten times as long.
-- $swapped_at microseconds; $how applied or rolled_back; $ruleset in force from now on; $former in force until now
insert into verdict_changes
select b.id, b.delivery, coalesce(c.seq, 0) + 1, $swapped_at, b.p / 10000.0, b.klass, r.p_human, r.klass, null, r.ruleset
from judged as b
join replayed as r on r.id = b.id
left join (select event, max(seq) as seq from verdict_changes group by event) as c on c.event = b.id
where b.p / 10000.0 is distinct from r.p_human or b.klass is distinct from r.klass
order by b.delivery, b.id;

create or replace temp table rewritten as
select b.* replace (parts(r.p_human) as p, r.klass as klass, r.reasons as reasons, r.ruleset as ruleset)
from judged as b
join replayed as r on r.id = b.id;

delete from judged where id in (select id from rewritten);

insert into judged select * from rewritten order by campaign, delivery, happened_at, id;

drop table rewritten;

insert into open_changes
select b.id, b.delivery, coalesce(c.seq, 0) + 1, $swapped_at, b.p_human, b.klass, r.p_human, r.klass, null, r.ruleset
from provisional as b
join replayed as r on r.id = b.id
left join (select event, max(seq) as seq from open_changes group by event) as c on c.event = b.id
where b.klass is not null and (b.p_human is distinct from r.p_human or b.klass is distinct from r.klass)
order by b.delivery, b.id;

update provisional set p_human = r.p_human, klass = r.klass, reasons = r.reasons, ruleset = r.ruleset
from replayed as r
where provisional.id = r.id;

insert into swaps
select coalesce(max(number), 0) + 1, $swapped_at, $how, $ruleset, $former, (select count(*) from replayed) from swaps;

delete from replayed;
