-- Which links of one campaign were clicked, and by whom? By campaign, template and number; only clicks that count.
-- $campaign integer  id of the campaign
-- campaign, template, link   which link
-- event_count                clicks
-- by_machines                of these by machines
-- human, possible, machine   deliveries, each once per link
with scope as (select * from events where campaign = $campaign),
{part:_each_link}
