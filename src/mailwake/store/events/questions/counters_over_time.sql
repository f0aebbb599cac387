-- When was counted what was counted without looking at anybody (mode aggregate)?
-- $campaign integer  id of the campaign
-- hour               its start, microseconds
-- type               opened or clicked
-- n                  hits, by people and machines alike
select hour, type, sum(n) as n
from counters
where campaign = $campaign
group by hour, type
order by hour, type
