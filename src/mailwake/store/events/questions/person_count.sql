-- How much is kept of one recipient?
-- $recipient integer  handle of the recipient
-- event_count   events
-- copies        copies of mail
-- campaigns     campaigns
select count(*) as event_count, count(distinct delivery) as copies, count(distinct campaign) as campaigns
from events
where recipient = $recipient
