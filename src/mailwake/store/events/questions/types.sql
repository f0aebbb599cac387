-- How many events of each type, and of how many deliveries, does a campaign have? Every event, also clicks that do not
-- count as such.
-- $campaign integer  id of the campaign
-- type               event type
-- event_count        events
-- deliveries         deliveries, each once
select type, count(*) as event_count, count(distinct unit) as deliveries
from events
where campaign = $campaign
group by type
order by type
