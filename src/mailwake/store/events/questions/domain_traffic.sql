-- How many machines clicked at each recipient domain? Most copies first.
-- $since integer      only mail sent from then on, microseconds
-- domain              as stored: itself, or a keyed stand-in
-- recipients          different ones
-- one, another        two of their handles, by which the state store knows the domain; null: not known
-- copies              deliveries that could tell a click
-- scanned             of these: with a click of a machine
-- read                of these: with a click of a person or perhaps a person
-- machine_links       links that machines alone followed, each once per copy in the base
-- other_links         links that others followed, each once per copy in the base
-- scanned_links       links in the scanned copies
-- links               links in all copies
-- clicks              judged clicks of all copies
-- machine_parts       sum of 1 - p_human over them, in ten-thousandths
-- baited              copies in which a hidden link was followed
with {part:_copies},
based as (
    select
        c.*,
        clicks_individual * {part:_delivered} as in_base,
        coalesce(r.machine_links, 0) as by_machines,
        coalesce(r.other_links, 0) as by_others,
        coalesce(c.links, 0) as hrefs
    from copies as c
    left join reactions as r on r.delivery = c.delivery
    where c.was_sent = 1
)
select
    domain,
    count(distinct recipient) as recipients,
    min(recipient) as one,
    max(recipient) as another,
    sum(in_base) as copies,
    sum(case when by_machines > 0 then in_base else 0 end) as scanned,
    sum(case when by_others > 0 then in_base else 0 end) as read,
    sum(in_base * by_machines) as machine_links,
    sum(in_base * by_others) as other_links,
    sum(case when by_machines > 0 then in_base * hrefs else 0 end) as scanned_links,
    sum(in_base * hrefs) as links,
    sum(clicks) as clicks,
    sum(machine_parts) as machine_parts,
    sum(was_baited) as baited
from based
group by domain
order by copies desc, domain
