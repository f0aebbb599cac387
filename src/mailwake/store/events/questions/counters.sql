-- What was counted without looking at anybody (mode aggregate)? By template, link and type.
-- $campaign integer  id of the campaign
-- template, link     link is 0 for opens
-- type               opened or clicked
-- n                  hits, by people and machines alike
select template, link, type, sum(n) as n
from counters
where campaign = $campaign
group by template, link, type
order by template, link, type
