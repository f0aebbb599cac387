-- What is there to be told, after a number? In the order in which it was stored.
-- $after integer  the number of the last one that was told
-- $limit integer  rows
-- columns as in the table; grade and old_grade human, possible or machine; reaction opened or clicked where it counts as one
select
    number, kind, seq, noted_at, settled, event, type, happened_at, source, campaign, template, delivery, recipient, link, role,
    note, modes, reason, p_human, klass, ruleset,
    {grade:case when p_human >= 0.5 then 2 when p_human >= 0.2 or p_human is null or klass = 'mpp' then 1 else 0 end} as grade,
    {grade:case when old_p >= 0.5 then 2 when old_p >= 0.2 or old_p is null or old_klass = 'mpp' then 1 else 0 end} as old_grade,
    case
        when type = 'opened' then 'opened'
        when type = 'clicked' and note <> 'decoy'
            and coalesce(role, '') not in ('unsubscribe', 'preferences', 'decoy') then 'clicked'
    end as reaction
from news
where number > $after
order by number
limit $limit
