-- What has settled so far goes to its tables, in the order in which it lay. {packed} is a function that is there meanwhile.
insert into unjudged
select
    id, type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes,
    cast(round(p_human * 10000) as {maybe_integer}), klass, {packed:reasons}, ruleset
from settled
where klass is null;

insert into judged
select
    id, type, happened_at, lag, source, campaign, template, delivery, recipient, link, role, note, modes, links, stream, domain,
    network, network_kind, asn, country, agent, agent_kind, client, device, flags, reason, message_bytes,
    cast(round(p_human * 10000) as {maybe_integer}), klass, {packed:reasons}, ruleset
from settled
where klass is not null;

drop table settled;
