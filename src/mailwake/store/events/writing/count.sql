-- Adds `new_counters` to what was counted before. DuckDB only.
update counters set n = counters.n + c.n
from (select campaign, template, link, hour, type, sum(n) as n from new_counters group by all) as c
where counters.campaign = c.campaign and counters.template = c.template and counters.link = c.link
    and counters.hour = c.hour and counters.type = c.type;

insert into counters
select campaign, template, link, hour, type, sum(n)
from new_counters as c
where not exists (
    select 1 from counters as k
    where k.campaign = c.campaign and k.template = c.template and k.link = c.link and k.hour = c.hour
        and k.type = c.type
)
group by all;
