-- Notes opens and clicks in `done`, which are about to settle; after `settling`. DuckDB only.
-- $noted_at microseconds
insert into news
select
    (select coalesce(max(number), 0) from news) + row_number() over (order by happened_at, id), 'settled', 0, $noted_at, 1, id,
    type, happened_at, source, campaign, template, delivery, recipient, link, role, note, modes, reason, p_human, klass, ruleset,
    null, null
from provisional
where type in ('opened', 'clicked') and id in (select id from done);
