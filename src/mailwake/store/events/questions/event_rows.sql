-- What happened in a campaign, event by event? In order of time, then of ids; a part at a time.
-- $campaign integer  id of the campaign
-- $only text         '' for all; returned: bounced, deferred, rejected and failed alone
-- $after_at integer  only what happened after this time, microseconds, or
-- $after_id integer  at this time with a higher id
-- $limit integer     rows
-- columns as in the table, p_human 0-1, reasons as JSON, received_at microseconds; grade human, possible or machine
with times as (
    select happened_at
    from events
    where campaign = $campaign and happened_at > $after_at
        and ($only = '' or ($only = 'returned' and type in ('bounced', 'deferred', 'rejected', 'failed')))
    order by happened_at
    limit $limit
)
select
    id, type, happened_at, received_at, source, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes, p_human, klass, reasons, ruleset,
    {grade:grade} as grade
from events
where campaign = $campaign and happened_at >= $after_at
    and happened_at <= (select coalesce(max(happened_at), $after_at) from times)
    and (happened_at > $after_at or id > $after_id)
    and ($only = '' or ($only = 'returned' and type in ('bounced', 'deferred', 'rejected', 'failed')))
order by happened_at, id
limit $limit
