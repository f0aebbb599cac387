-- Notes those verdicts of `new_verdicts` that replace another one; before `rejudge`. DuckDB only.
-- $noted_at microseconds
insert into news
select
    (select coalesce(max(number), 0) from news) + row_number() over (order by p.happened_at, p.id), 'changed',
    coalesce(c.seq, 0) + 1, $noted_at, 0, p.id, p.type, p.happened_at, p.source, p.campaign, p.template, p.delivery, p.recipient,
    p.link, p.role, p.note, p.modes, p.reason, v.p_human, v.klass, v.ruleset, p.p_human, p.klass
from new_verdicts as v
join provisional as p on p.id = v.id
left join (select event, max(seq) as seq from open_changes group by event) as c on c.event = p.id
where p.klass is not null and (p.p_human is distinct from v.p_human or p.klass is distinct from v.klass);
