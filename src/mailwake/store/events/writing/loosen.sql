-- Chooses what happened to one person's copies, as it will be once it is cut loose from them. DuckDB only.
-- Copies and programs get numbers that nobody has in a mail or can make again; what could find a person goes, classes stay.
-- The facts of reasons go by `new_words`, which are made from what this finds.
-- $recipient integer  handle
create or replace temp table erased as
select delivery, (hash(uuid()::varchar) >> 1)::bigint as fresh, uuid()::varchar as salt
from (
    select distinct delivery from events where recipient = $recipient and delivery is not null
) as theirs;

create or replace temp table loosened as
select b.* replace (
    coalesce(b.id, copy_id(b.type, b.delivery)) as id,
    null as recipient,
    coalesce(e.fresh, b.delivery) as delivery,
    case when b.agent is not null then (hash(b.agent::varchar || coalesce(e.salt, uuid()::varchar)) >> 1)::bigint end as agent,
    case when b.domain like '~%' then null else b.domain end as domain,
    null as network, null as asn, '' as reason
)
from (
    select *, 'unjudged' as home from unjudged
    union all
    select *, 'judged' from judged
    union all by name
    select * exclude (p_human), parts(p_human) as p, 'provisional' as home from provisional
) as b
left join erased as e on e.delivery = b.delivery
where b.recipient = $recipient or e.fresh is not null;
