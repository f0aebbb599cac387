-- What happened to one delivery? In order of time.
-- $campaign integer  id of the campaign, which makes the search short
-- $delivery integer  id of the delivery
-- columns as in the table, p_human 0-1, reasons as JSON, received_at microseconds; grade human, possible or machine
select
    id, type, happened_at, received_at, source, template, recipient, link, role, note, modes, domain, network, network_kind, asn,
    country, agent_kind, client, device, flags, reason, message_bytes, p_human, klass, reasons, ruleset, {grade:grade} as grade
from events
where campaign = $campaign and delivery = $delivery
order by happened_at, id
