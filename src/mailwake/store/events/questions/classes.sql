-- What were the authors of a campaign's opens and clicks taken for? Most frequent first.
-- $campaign integer  id of the campaign
-- type               opened or clicked
-- klass              human, mpp, proxy, scanner, preview, prefetch, unknown; null: not judged
-- event_count        events
-- deliveries         deliveries with such an event; one may be in several classes
select reaction as type, klass, count(*) as event_count, count(distinct delivery) as deliveries
from events
where campaign = $campaign and reaction is not null and delivery is not null
group by reaction, klass
order by event_count desc, type, klass
