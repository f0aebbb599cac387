-- Which campaigns claim a delivery that another of these claims as well? One row per campaign, by id.
-- $first integer  lowest id
-- $last integer   highest id
-- campaign        id
with scope as (select unit, campaign from events where campaign between $first and $last and unit is not null),
shared as (select unit as claimed from scope group by unit having min(campaign) <> max(campaign))
select campaign from scope where unit in (select claimed from shared) group by campaign order by campaign
