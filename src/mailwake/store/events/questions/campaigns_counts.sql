-- What happened to the deliveries of every campaign? One row per campaign that has events, by id.
-- campaign           id
-- the counts         deliveries, see docs/reference/stores.md
with scope as (select * from events where campaign is not null),
{part:_chances},
{part:_counts:campaign}
select name as campaign, {part:_sums} from outcomes group by name order by name
