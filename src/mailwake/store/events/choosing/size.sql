-- How many people does a choice choose, and how many not, of those whom any of its parts names? To go through everybody
-- takes as long as a part does, and all others are chosen or not together: see `chooses_others`.
-- chosen, others   people
with nobody as (select 0 as nothing){pieces}
select
    coalesce(sum(case when {choice} then 1 else 0 end), 0) as chosen,
    coalesce(sum(case when {choice} then 0 else 1 end), 0) as others
from (select distinct recipient from ({named}) as named) as known
