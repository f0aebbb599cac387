-- Settled events in one; an id is null that can be made again from the copy's.
create view settled as
select
    id, type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes, p / 10000.0 as p_human,
    klass, reasons, ruleset
from unjudged
union all
select
    id, type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes, p / 10000.0 as p_human,
    klass, reasons, ruleset
from judged;

-- What questions read, as before. Making an id takes longer than reading one: of sent and delivered events it is made for
-- questions that name `id`; all others have theirs in `kept` as well.
create view events as
select
    coalesce(kept, {copy_id:type:delivery}) as id,
    kept, type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes, p_human, klass, reasons,
    ruleset,
    happened_at + lag as received_at,
    case when p_human >= 0.5 then 2 when p_human >= 0.2 or p_human is null or klass = 'mpp' then 1 else 0 end as grade,
    case
        when type = 'opened' then 'opened'
        when type = 'clicked' and note <> 'decoy'
            and coalesce(role, '') not in ('unsubscribe', 'preferences', 'decoy') then 'clicked'
    end as reaction,
    case when delivery is not null then delivery when type not in ('opened', 'clicked') then -kept end as unit,
    (2 - case when p_human >= 0.5 then 2 when p_human >= 0.2 or p_human is null or klass = 'mpp' then 1 else 0 end)
        * 2305843009213693952 + least(greatest(happened_at, 0), 4503599627370495) * 512 + kept % 512 as deciding
from (
    select
        id as kept, type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links,
        stream, domain, network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes,
        p_human, klass, reasons, ruleset
    from (select * from settled union all select * from provisional) as both_tables
) as all_of_them;
