-- What happened to the deliveries of each template of a campaign, where clicks on links of one role alone count? By template.
-- $campaign integer  id of the campaign
-- $role text         role of the links that count; empty: all that count elsewhere
-- template           id
-- opened_sure_in_base, clicked_sure_in_base  deliveries of which it is 90 % sure that a person did it, in their bases
-- the counts         deliveries, see docs/reference/stores.md
with scope as (
    select * from events
    where campaign = $campaign
        and ($role = '' or reaction is null or reaction <> 'clicked' or coalesce(role, '') = $role)
),
{part:_chances},
{part:_counts:template}
select
    name as template,
    sum(case when opened_p >= 9000 then was_delivered * opens_individual else 0 end) as opened_sure_in_base,
    sum(case when clicked_p >= 9000 then was_delivered * clicks_individual else 0 end) as clicked_sure_in_base,
    {part:_sums}
from outcomes
where name is not null
group by name
order by name
