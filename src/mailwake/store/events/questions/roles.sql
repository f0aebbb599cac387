-- Which sorts of links of all mail were clicked, and by whom? By campaign and role; only clicks that count.
-- campaign                   id
-- role                       cta, text, image, footer, legal or social; null: not known
-- event_count                clicks
-- by_machines                of these by machines
-- human, possible, machine   deliveries, each once per role
with scope as (select * from events where campaign is not null),
{part:_each_role}
