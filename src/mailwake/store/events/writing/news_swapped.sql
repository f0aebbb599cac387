-- Notes those verdicts of `replayed` that replace another one; before `swap`. DuckDB only.
-- $noted_at microseconds
insert into news
select
    (select coalesce(max(number), 0) from news) + row_number() over (order by b.happened_at, b.id), 'changed',
    coalesce(c.seq, 0) + 1, $noted_at, b.done, b.id, b.type, b.happened_at, b.source, b.campaign, b.template, b.delivery,
    b.recipient, b.link, b.role, b.note, b.modes, b.reason, r.p_human, r.klass, r.ruleset, b.p_human, b.klass
from (
    select * exclude (p), p / 10000.0 as p_human, 1 as done from judged
    union all by name
    select *, 0 as done from provisional
) as b
join replayed as r on r.id = b.id
left join (
    select event, max(seq) as seq from (select * from verdict_changes union all select * from open_changes) group by event
) as c on c.event = b.id
where b.klass is not null and (b.p_human is distinct from r.p_human or b.klass is distinct from r.klass);
