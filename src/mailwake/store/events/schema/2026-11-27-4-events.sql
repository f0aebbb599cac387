-- What questions and searches read: settled events in one, and all of them, as before the step that parted them. In `events`
-- no id is made anew for an event that decides nothing.
create view settled as
select
    coalesce(id, {copy_id:type:delivery}) as id,
    type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes, p / 10000.0 as p_human,
    klass, reasons, ruleset
from unjudged
union all
select
    id, type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes, p / 10000.0 as p_human,
    klass, reasons, ruleset
from judged;

create view events as
select
    *,
    happened_at + lag as received_at,
    case when p_human >= 0.5 then 2 when p_human >= 0.2 or p_human is null or klass = 'mpp' then 1 else 0 end as grade,
    case
        when type = 'opened' then 'opened'
        when type = 'clicked' and note <> 'decoy'
            and coalesce(role, '') not in ('unsubscribe', 'preferences', 'decoy') then 'clicked'
    end as reaction,
    case when delivery is not null then delivery when type not in ('opened', 'clicked') then -id end as unit,
    case when type in ('opened', 'clicked') then
        (2 - case when p_human >= 0.5 then 2 when p_human >= 0.2 or p_human is null or klass = 'mpp' then 1 else 0 end)
            * 2305843009213693952 + least(greatest(happened_at, 0), 4503599627370495) * 512 + id % 512
    end as deciding
from (select * from settled union all select * from provisional) as both_tables;
