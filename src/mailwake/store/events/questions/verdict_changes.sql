-- How did the verdicts on the events of one delivery change? Event by event, in order.
-- $delivery integer  id of the delivery
-- event              id of the event
-- seq                1, 2, ... for each event
-- changed_at         microseconds
-- old_p, new_p       P(human) 0-1; null: cannot say
-- old_klass, new_klass
-- old_grade, new_grade   human, possible or machine
-- cause              id of the event that changed it; null: settling, other rules, or a replay
-- ruleset            that the new verdict was made with
select
    event, seq, changed_at, old_p, old_klass, new_p, new_klass, cause, ruleset,
    {grade:case when old_p >= 0.5 then 2 when old_p >= 0.2 or old_p is null or old_klass = 'mpp' then 1 else 0 end} as old_grade,
    {grade:case when new_p >= 0.5 then 2 when new_p >= 0.2 or new_p is null or new_klass = 'mpp' then 1 else 0 end} as new_grade
from (select * from verdict_changes union all select * from open_changes) as changes
where delivery = $delivery
order by event, seq
