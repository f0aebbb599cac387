-- What happened to the deliveries of one campaign? No row when nothing is known of it.
-- $campaign integer  id of the campaign
-- campaign           id
-- the counts         deliveries, see docs/reference/stores.md
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:campaign}
select name as campaign, {part:_sums} from outcomes group by name
