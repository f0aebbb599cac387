-- What was judged, and what does a judge need to judge it again? In order of time; ask on from the last row for more.
-- $since integer  from this time on, microseconds
-- $after integer  of the events at exactly that time only those with a greater id
-- $until integer  before this time, microseconds
-- $limit integer  rows
-- columns as in the table; reaction: opened, clicked or null, as in the view; delivered_at, sent_at: of the copy,
-- microseconds, null: not known
with judged as (
    select
        id, type, happened_at, campaign, delivery, recipient, link, note, links, stream, domain, network, network_kind, asn,
        country, agent, agent_kind, client, device, flags, reaction, p_human, klass, ruleset
    from events
    where klass is not null and happened_at >= $since and (happened_at > $since or id > $after) and happened_at < $until
    order by happened_at, id
    limit $limit
),
times as (
    select
        delivery as copy,
        min(case when type = 'delivered' then happened_at end) as delivered_at,
        min(case when type = 'sent' then happened_at end) as sent_at
    from events
    where type in ('sent', 'delivered') and delivery in (select delivery from judged where delivery is not null)
    group by delivery
)
select judged.*, times.delivered_at, times.sent_at
from judged
left join times on times.copy = judged.delivery
order by happened_at, id
