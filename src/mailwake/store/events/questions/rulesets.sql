-- With which rules were a campaign's opens and clicks judged? Those of most events first.
-- $campaign integer  id of the campaign
-- ruleset            content hash of the rules
-- event_count        opens and clicks
select ruleset, count(*) as event_count
from events
where campaign = $campaign and reaction is not null and delivery is not null and ruleset <> ''
group by ruleset
order by event_count desc, ruleset
