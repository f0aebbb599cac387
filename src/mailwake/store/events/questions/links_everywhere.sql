-- Which links of all mail were clicked, and by whom? By campaign, template and number; only clicks that count.
-- campaign, template, link   which link
-- event_count                clicks
-- by_machines                of these by machines
-- human, possible, machine   deliveries, each once per link
with scope as (select * from events where campaign is not null),
{part:_each_link}
