-- What questions read: settled and provisional events, with what every question needs to agree on.
--   received_at  microseconds
--   grade        2 probably a person, 1 possibly, 0 a machine; the thresholds are those of docs/reference/stores.md
--   reaction     'opened' or 'clicked' where the event counts as one; null for all others, and for clicks on links that
--                are no content: unsubscribe, preferences, decoys
--   unit         what is counted once: the delivery. An event without one counts for itself, except opens and clicks
--   deciding     lowest on the event that decides a delivery's grade: best grade first, then earliest
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
    (2 - grade) * 2305843009213693952
        + least(greatest(happened_at, 0), 4503599627370495) * 512 + id % 512 as deciding
from (select * from settled union all select * from provisional) as both_tables;
