-- What has been seen of one network that only machines do?
-- $network integer  keyed hash of the network
-- $since integer    only what happened from then on, microseconds
-- $links integer    so many different links of one copy ...
-- $within integer   ... followed in less than so many microseconds are no person's
-- decoys            times that a link was followed which no person can see
-- copies            copies of which so many links were followed at once
-- judged            clicks with a verdict
-- by_machines       of these, clicks that are rather a machine's than a person's
with clicks as (
    select id, delivery, link, happened_at, p_human
    from events
    where network = $network and happened_at >= $since and type = 'clicked'
),
at_once as (
    select one.delivery as delivery
    from clicks as one
    join clicks as other on other.delivery = one.delivery
    where other.happened_at >= one.happened_at and other.happened_at < one.happened_at + $within
    group by one.delivery, one.id
    having count(distinct other.link) >= $links
)
select
    (
        select count(*) from events
        where network = $network and happened_at >= $since and note = 'decoy'
    ) as decoys,
    (select count(distinct delivery) from at_once) as copies,
    (select count(*) from clicks where p_human is not null) as judged,
    (select count(*) from clicks where p_human < 0.5) as by_machines
