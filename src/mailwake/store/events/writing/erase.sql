-- Puts `loosened` in the place of what happened to one person's copies, so that sums stay true; after `loosen`. DuckDB only.
-- $recipient integer  handle
delete from unjudged where recipient = $recipient or delivery in (select delivery from erased);

delete from judged where recipient = $recipient or delivery in (select delivery from erased);

delete from provisional where recipient = $recipient or delivery in (select delivery from erased);

update loosened set reasons = w.became from new_words as w where w.was = loosened.reasons;

insert into unjudged by name
select * exclude (home) from loosened where home = 'unjudged' order by campaign, delivery, happened_at, id;

insert into judged by name
select * exclude (home) from loosened where home = 'judged' order by campaign, delivery, happened_at, id;

insert into provisional by name
select * exclude (home, p), p / 10000.0 as p_human from loosened where home = 'provisional';

update former set reasons = w.became
from new_words as w
where w.was = former.reasons and former.id in (select id from loosened);

update verdict_changes set delivery = e.fresh from erased as e where e.delivery = verdict_changes.delivery;

update open_changes set delivery = e.fresh from erased as e where e.delivery = open_changes.delivery;

delete from news where recipient = $recipient and number < (select max(number) from news);

update news set recipient = null, delivery = null, reason = '' where recipient = $recipient;

drop table loosened;

drop table erased;

delete from new_words;
