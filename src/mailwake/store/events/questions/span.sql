-- From when until when did something happen to a campaign's deliveries? Always one row.
-- $campaign integer  id of the campaign
-- first_at, last_at  microseconds; null: nothing yet
-- received_at        latest arrival, microseconds; null: nothing yet
-- event_count        events
select min(happened_at) as first_at, max(happened_at) as last_at, max(received_at) as received_at, count(*) as event_count
from events
where campaign = $campaign
