-- What do the copies amount to that are older than rows may be? One row per campaign, by id.
-- $before integer    microseconds; a copy is as old as the first thing that happened to it
-- campaign           id
-- the counts         deliveries, see docs/reference/stores.md
with scope as (select * from events where campaign is not null and unit in ({part:_outdated})),
{part:_chances},
{part:_counts:campaign}
select name as campaign, {part:_sums} from outcomes group by name order by name
