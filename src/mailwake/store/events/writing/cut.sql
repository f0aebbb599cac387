-- Cuts what `cutting` chose off the person: no recipient, no hash that is the same elsewhere, and for each copy a number
-- in place of its own (`new_stand_ins`), so that what one copy saw still counts once. DuckDB only.
update unjudged set
    recipient = null, delivery = s.stand_in, network = null, agent = null,
    domain = case when domain like '~%' then null else domain end
from (select c.id, n.stand_in from cut_off as c left join new_stand_ins as n on n.delivery = c.delivery) as s
where unjudged.id = s.id;

update judged set
    recipient = null, delivery = s.stand_in, network = null, agent = null,
    domain = case when domain like '~%' then null else domain end
from (select c.id, n.stand_in from cut_off as c left join new_stand_ins as n on n.delivery = c.delivery) as s
where judged.id = s.id;

update provisional set
    recipient = null, delivery = s.stand_in, network = null, agent = null,
    domain = case when domain like '~%' then null else domain end
from (select c.id, n.stand_in from cut_off as c left join new_stand_ins as n on n.delivery = c.delivery) as s
where provisional.id = s.id;

update verdict_changes set delivery = n.stand_in
from new_stand_ins as n
where verdict_changes.delivery = n.delivery and event in (select id from cut_off);

update open_changes set delivery = n.stand_in
from new_stand_ins as n
where open_changes.delivery = n.delivery and event in (select id from cut_off);
