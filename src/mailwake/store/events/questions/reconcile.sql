-- Of how many deliveries of a campaign did only an ESP tell something, only we, and both? One row per type of event.
-- $campaign integer  id of the campaign
-- type               what happened
-- only_esp           deliveries of which an ESP alone told it
-- only_we            deliveries of which our own servers alone learned it
-- on_both            deliveries of which both did
with told as (
    select
        type,
        delivery,
        max(case when source = 'esp' then 1 else 0 end) as by_esp,
        max(case when source = 'esp' then 0 else 1 end) as by_us
    from events
    where campaign = $campaign and delivery is not null
    group by type, delivery
)
select
    type,
    count(case when by_esp = 1 and by_us = 0 then 1 end) as only_esp,
    count(case when by_esp = 0 and by_us = 1 then 1 end) as only_we,
    count(case when by_esp = 1 and by_us = 1 then 1 end) as on_both
from told
group by type
order by type
