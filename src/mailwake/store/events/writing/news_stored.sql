-- Notes those rows of `new_events` that others are told of; after `add`, when only new ones are left there. DuckDB only.
-- $noted_at microseconds
insert into news
select
    (select coalesce(max(number), 0) from news) + row_number() over (order by happened_at, id), 'stored', 0, $noted_at,
    case when settled then 1 else 0 end, id, type, happened_at, source, campaign, template, delivery, recipient, link, role, note,
    modes, reason, p_human, klass, ruleset, null, null
from new_events
where type in ('opened', 'clicked', 'bounced', 'complained', 'unsubscribed', 'consent_withdrawn');
