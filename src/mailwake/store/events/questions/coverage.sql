-- Of how many delivered copies of a campaign, by recipient domain, may opens and clicks be told, and what did people do?
-- $campaign integer  id of the campaign
-- domain             as many share it; ~ stands for all domains of one organisation; null where not known
-- delivered          copies
-- opens_seen, clicks_seen            of these, those of which it may be told
-- opened_expected, opened_doubt      of the former, how many people opened, as in campaign_counts
-- clicked_expected, clicked_doubt    of the latter, in how many people clicked
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:campaign},
places as (
    select delivery, max(case when substr(domain, 1, 1) = '~' then '~' else domain end) as domain
    from scope
    where delivery is not null
    group by delivery
)
select
    p.domain as domain,
    count(*) as delivered,
    sum(o.opens_individual) as opens_seen,
    sum(o.clicks_individual) as clicks_seen,
    sum(o.opens_individual * o.opened_p) as opened_expected,
    sum(o.opens_individual * o.opened_p * (10000 - o.opened_p)) as opened_doubt,
    sum(o.clicks_individual * o.clicked_p) as clicked_expected,
    sum(o.clicks_individual * o.clicked_p * (10000 - o.clicked_p)) as clicked_doubt
from outcomes as o
left join places as p on p.delivery = o.unit
where o.was_delivered = 1
group by p.domain
order by p.domain
