-- What did other servers say when they refused or put off a campaign's mails? Most frequent first.
-- $campaign integer  id of the campaign
-- $limit integer     rows
-- type               bounced, deferred, rejected or failed
-- reason             their words, as stored
-- deliveries         deliveries, each once per row
select type, reason, count(distinct unit) as deliveries
from events
where campaign = $campaign and type in ('bounced', 'deferred', 'rejected', 'failed')
group by type, reason
order by deliveries desc, type, reason
limit $limit
