-- What has been seen of one network that only machines do?
-- $network integer  keyed hash of the network
-- $since integer    only what happened from then on, microseconds
-- $links integer    so many different links of one copy ...
-- $within integer   ... followed in one slot of so many microseconds make a burst
-- decoys            links followed that no person can see
-- bursts            bursts
select
    (
        select count(*) from events
        where network = $network and happened_at >= $since and note = 'decoy'
    ) as decoys,
    (
        select count(*) from (
            select delivery, happened_at - happened_at % $within as slot
            from events
            where network = $network and happened_at >= $since and type = 'clicked' and delivery is not null
            group by delivery, happened_at - happened_at % $within
            having count(distinct link) >= $links
        ) as each_burst
    ) as bursts
