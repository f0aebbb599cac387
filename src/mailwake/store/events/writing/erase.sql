-- Cuts what happened to one person's copies loose from them, so that sums stay true. DuckDB only.
-- Copies and programs get numbers that nobody has in a mail or can make again; what could find a person goes, classes stay.
-- $recipient integer  handle
create or replace temp table erased as
select delivery, (hash(uuid()::varchar) >> 1)::bigint as fresh, uuid()::varchar as salt
from (
    select distinct delivery from events where recipient = $recipient and delivery is not null
) as theirs;

create or replace temp table loosened as
select b.id, e.fresh,
    case when b.agent is not null then (hash(b.agent::varchar || coalesce(e.salt, uuid()::varchar)) >> 1)::bigint end as program,
    case when b.domain like '~%' then null else b.domain end as place,
    case when b.reasons = '' then ''
        else to_json(list_transform(
            from_json(b.reasons, '["JSON"]'),
            lambda r: json_array(json_extract(r, '$[0]'), json_extract(r, '$[1]'), '')
        ))::varchar
    end as codes
from (select * from settled union all select * from provisional) as b
left join erased as e on e.delivery = b.delivery
where b.recipient = $recipient or e.fresh is not null;

create or replace temp table rewritten as
select b.* replace (
    null as recipient, coalesce(l.fresh, b.delivery) as delivery, l.program as agent, l.place as domain,
    null as network, null as asn, '' as reason, l.codes as reasons
)
from settled as b
join loosened as l on l.id = b.id;

delete from settled where id in (select id from rewritten);

insert into settled select * from rewritten order by campaign, delivery, happened_at, id;

update provisional set
    recipient = null, delivery = coalesce(l.fresh, provisional.delivery), agent = l.program, domain = l.place,
    network = null, asn = null, reason = '', reasons = l.codes
from loosened as l
where l.id = provisional.id;

update former set reasons = l.codes from loosened as l where l.id = former.id and former.reasons <> '';

update verdict_changes set delivery = e.fresh from erased as e where e.delivery = verdict_changes.delivery;

update open_changes set delivery = e.fresh from erased as e where e.delivery = open_changes.delivery;

delete from news where recipient = $recipient and number < (select max(number) from news);

update news set recipient = null, delivery = null, reason = '' where recipient = $recipient;

drop table rewritten;

drop table loosened;

drop table erased;
