-- Part: what became of each delivery, its place in the order first sent and its last words; from `facts` as f and
-- `outcomes` as o.
select
    f.*,
    coalesce(o.sent_at, 9223372036854775807) as place,
    o.name as template,
    o.sent_at,
    {grade:o.opened_grade} as opened, {grade:o.clicked_grade} as clicked,
    case
        when o.was_complained = 1 then 'complained'
        when o.was_unsubscribed = 1 then 'unsubscribed'
        when o.was_delivered = 1 then 'delivered'
        when o.bounced_at is not null then 'bounced'
        when o.was_rejected = 1 then 'rejected'
        when o.was_failed = 1 then 'failed'
        when o.was_deferred = 1 then 'deferred'
        when o.was_sent = 1 then 'sent'
        else 'unknown'
    end as outcome
from facts as f
join outcomes as o on o.unit = f.unit
