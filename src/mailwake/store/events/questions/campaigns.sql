-- Which campaigns are there events of? One row per campaign, by id.
-- campaign  id
select campaign from events where campaign is not null group by campaign order by campaign
