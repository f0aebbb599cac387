-- What happened to the deliveries of campaigns that follow each other? One row per campaign that has events, by id.
-- $first integer     lowest id
-- $last integer      highest id
-- campaign           id
-- the counts         deliveries, see docs/reference/stores.md
with scope as (select * from events where campaign between $first and $last),
{part:_chances},
{part:_counts:campaign}
select name as campaign, {part:_sums} from outcomes group by name order by name
