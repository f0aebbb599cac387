-- What happened to the deliveries of each template of a campaign? By template; null gathers events that name none.
-- $campaign integer  id of the campaign
-- template           id
-- the counts         deliveries, see docs/reference/stores.md
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:template}
select name as template, {part:_sums} from outcomes group by name order by name
