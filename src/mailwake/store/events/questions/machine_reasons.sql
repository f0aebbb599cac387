-- Why were clicks of a campaign taken for machines'? By link, most clicks first.
-- $campaign integer  id of the campaign
-- template, link     which link; null: not known
-- code               of a reason that weighs clearly for a machine (half a unit of log-odds or more); empty: whatever it was
-- clicks             of machines for which it spoke; one click may have several reasons
with found as (
    select template, link, {codes_against:reasons} as told, count(*) as n
    from events
    where campaign = $campaign and reaction = 'clicked' and grade = 0 and delivery is not null
    group by template, link, told
),
named as (select template, link, {codes:told} as codes, n from found),
single as (select template, link, {words:codes || ' '} as code, n from named)
select template, link, code, sum(n) as clicks
from single
group by template, link, code
order by coalesce(template, 0), coalesce(link, 0), clicks desc, code
