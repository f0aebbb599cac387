-- Which campaigns are there events of? One row per campaign, by id.
-- campaign     id
-- event_count  events
select campaign, count(*) as event_count from events where campaign is not null group by campaign order by campaign
