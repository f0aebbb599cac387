-- What is kept of one recipient, event by event? In order of time, then of ids.
-- $recipient integer  handle of the recipient
-- columns as in the table; received_at microseconds; grade human, possible or machine
select
    id, type, happened_at, received_at, source, campaign, template, delivery, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes, p_human, klass, reasons,
    ruleset, {grade:grade} as grade
from events
where recipient = $recipient
order by happened_at, id
