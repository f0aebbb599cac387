-- From whose networks did machines click at each recipient domain? By domain, most clicks first.
-- $since integer  only what happened from then on, microseconds
-- domain          as stored
-- asn             autonomous system; null: not known
-- network_kind    such as scanner, cloud or hosting
-- clicks          of machines; those on hidden links among them
-- baits           clicks on hidden links
select
    domain,
    asn,
    network_kind,
    count(*) as clicks,
    sum(case when note = 'decoy' then 1 else 0 end) as baits
from events
where happened_at >= $since and domain is not null and ((reaction = 'clicked' and grade = 0) or note = 'decoy')
group by domain, asn, network_kind
order by domain, clicks desc, coalesce(asn, 0), network_kind
