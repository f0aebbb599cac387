-- From when on were the last so many of a time's events judged? Always one row.
-- $since integer  from this time on, microseconds
-- $until integer  before this time
-- $limit integer  so many events, the newest
-- first_at        when the first of them happened, microseconds; null: there is none
select min(happened_at) as first_at
from (
    select happened_at
    from events
    where klass is not null and happened_at >= $since and happened_at < $until
    order by happened_at desc
    limit $limit
) as newest
