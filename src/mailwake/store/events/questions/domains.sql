-- What happened to the deliveries of a campaign at each recipient domain? The largest first.
-- $campaign integer  id of the campaign
-- $limit integer     rows
-- domain             as stored; null where it is not known
-- the counts         deliveries, see docs/reference/stores.md
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:domain}
select name as domain, {part:_sums} from outcomes group by name order by sent desc, domain limit $limit
