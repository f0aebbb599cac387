-- Which sorts of links of campaigns that follow each other were clicked, and by whom? By campaign and role; only clicks that count.
-- $first integer  lowest id
-- $last integer   highest id
-- campaign                   id
-- role                       cta, text, image, footer, legal or social; null: not known
-- event_count                clicks
-- by_machines                of these by machines
-- human, possible, machine   deliveries, each once per role
with scope as (select * from events where campaign between $first and $last),
{part:_each_role}
