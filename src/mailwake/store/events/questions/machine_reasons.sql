-- Why were clicks of a campaign taken for machines'? By link, most clicks first.
-- $campaign integer  id of the campaign
-- template, link     which link; null: not known
-- codes              of the reasons that weigh clearly for a machine (half a unit of log-odds or more), spaces between
-- clicks             of machines
with found as (
    select template, link, {codes_against:reasons} as told, count(*) as n
    from events
    where campaign = $campaign and reaction = 'clicked' and grade = 0 and delivery is not null
    group by template, link, told
),
named as (select template, link, {codes:told} as codes, n from found)
select template, link, codes, sum(n) as clicks
from named
group by template, link, codes
order by coalesce(template, 0), coalesce(link, 0), clicks desc, codes
