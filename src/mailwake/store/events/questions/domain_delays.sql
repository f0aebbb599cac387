-- How long after delivery did machines click at each recipient domain? By domain and delay.
-- $since integer  only mail sent from then on, microseconds
-- domain          as stored
-- bin             0: below 2 s, 1: 10 s, 2: 20 s, 3: 60 s, 4: 5 min, 5: 30 min, 6: 6 h, 7: later; null: when it was delivered,
--                 or else sent, is not known
-- clicks          of machines
with {part:_copies},
clicked as (
    select c.domain as domain, s.happened_at - c.anchor as delay
    from scope as s
    join copies as c on c.delivery = s.delivery
    where s.reaction = 'clicked' and s.grade = 0 and c.was_sent = 1
)
select
    domain,
    case
        when delay is null then null
        when delay < 2000000 then 0
        when delay < 10000000 then 1
        when delay < 20000000 then 2
        when delay < 60000000 then 3
        when delay < 300000000 then 4
        when delay < 1800000000 then 5
        when delay < 21600000000 then 6
        else 7
    end as bin,
    count(*) as clicks
from clicked
group by domain, bin
order by domain, coalesce(bin, 8)
