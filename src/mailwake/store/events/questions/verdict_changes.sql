-- How did the verdicts on the events of one delivery change? Event by event, in order.
-- $delivery integer  id of the delivery
-- event              id of the event
-- seq                1, 2, ... for each event
-- changed_at         microseconds
-- old_p, new_p       P(human) 0-1; null: cannot say
-- old_klass, new_klass
-- cause              id of the event that changed it; null: settling, other rules, or a replay
-- ruleset            that the new verdict was made with
select event, seq, changed_at, old_p, old_klass, new_p, new_klass, cause, ruleset
from (select * from verdict_changes union all select * from open_changes) as changes
where delivery = $delivery
order by event, seq
