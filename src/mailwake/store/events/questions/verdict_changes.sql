-- What were the events of one delivery taken for before, where that has changed? In order of change.
-- $campaign integer  id of the campaign, which makes the search short
-- $delivery integer  id of the delivery
-- id                 the event's
-- grade              human, possible or machine
-- p_human, klass, reasons, ruleset  the verdict that no longer holds, as in the table of events
-- nth                which change of that event, from 0
-- changed_at         arrival of the latest event that the next verdict knew of, microseconds
select
    id,
    {grade:case when p_human >= 0.5 then 2 when p_human >= 0.2 or p_human is null or klass = 'mpp' then 1 else 0 end} as grade,
    p_human, klass, reasons, ruleset, changed_at, nth
from changes
where campaign = $campaign and delivery = $delivery
order by changed_at, nth, id
