-- How fresh is what the store knows? Always one row.
-- received_at        latest arrival, microseconds; null: nothing yet
-- at                 latest event, microseconds; null: nothing yet
-- event_count        events
select max(received_at) as received_at, max(happened_at) as happened_at, count(*) as event_count from events
