-- Which sorts of links of one campaign were clicked, and by whom? By campaign and role; only clicks that count.
-- $campaign integer  id of the campaign
-- campaign                   id
-- role                       cta, text, image, footer, legal or social; null: not known
-- event_count                clicks
-- by_machines                of these by machines
-- human, possible, machine   deliveries, each once per role
with scope as (select * from events where campaign = $campaign),
{part:_each_role}
