-- What had become of the copies of two periods, one after the other, when each copy was so old? By period and stream.
-- $since integer   copies sent from then on, microseconds
-- $middle integer  the second period begins then, microseconds
-- $until integer   copies sent before then, microseconds
-- $age integer     microseconds after its copy was sent, until which an event counts
-- period           0 or 1, and twice the place of the stream in profiles.STREAMS: a number, because words take so much more
--                  memory with each of millions of copies; one without copies is left out
-- the counts       deliveries, see docs/reference/stores.md
with copies as (
    select
        delivery as copy,
        min(happened_at) as begun_at,
        max(
            case stream
                when 'transactional' then 2
                when 'outbound' then 4
                when 'security' then 6
                when 'legal_notice' then 8
                when 'consent_request' then 10
                else 0
            end
        ) as kind_of_mail
    from events
    where type = 'sent' and delivery is not null and happened_at >= $since and happened_at < $until
    group by delivery
),
scope as (
    select *, kind_of_mail + case when begun_at < $middle then 0 else 1 end as period
    from events
    inner join copies on copies.copy = events.delivery
    where happened_at >= $since - 3600000000 and happened_at < $until + $age and happened_at - begun_at <= $age
),
{part:_chances},
{part:_counts:period}
select name as period, {part:_sums} from outcomes group by name order by name
