-- Which links of campaigns that follow each other were clicked, and by whom? By campaign, template and number; only clicks that count.
-- $first integer  lowest id
-- $last integer   highest id
-- campaign, template, link   which link
-- event_count                clicks
-- by_machines                of these by machines
-- human, possible, machine   deliveries, each once per link
with scope as (select * from events where campaign between $first and $last),
{part:_each_link}
