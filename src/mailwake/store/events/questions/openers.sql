-- How many deliveries of a campaign were opened, clicked in and both, by persons? As sums of probabilities, apart by
-- domain and by whether Apple's privacy proxy fetched pictures for the recipient. Only deliveries that can tell of both.
-- $campaign integer        id of the campaign
-- $since integer           the proxy counts from then on, in any campaign, microseconds
-- $until integer           and before then
-- domain                   as stored; null where it is not known
-- behind_proxy             1: the proxy fetched something for the recipient; 0: not that we know
-- units                    deliveries
-- unnamed                  deliveries opened by a program that nobody told us
-- opened_raw, clicked_raw  deliveries opened, clicked in, by anybody
-- p, q, r                  sums of the probability of an open, a click, both, in ten-thousandths
-- pp, qq, rr, pq, pr, qr   sums of products of these, in hundred-millionths
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:domain},
owners as (
    select
        unit as owned, max(recipient) as owner, max(case when type = 'opened' and klass = 'mpp' then 1 else 0 end) as own,
        max(case when type = 'opened' and agent is null and agent_kind = 'unknown' then 1 else 0 end) as nameless
    from scope
    where unit is not null
    group by unit
),
proxied as (
    select distinct recipient as behind
    from events
    where type = 'opened' and klass = 'mpp' and recipient is not null and happened_at >= $since and happened_at < $until
),
told as (
    select
        o.name as place,
        case when w.own = 1 or x.behind is not null then 1 else 0 end as is_behind,
        case when o.opened_grade is not null then 1 else 0 end as opened_once,
        case when o.clicked_grade is not null then 1 else 0 end as clicked_once,
        w.nameless as nameless,
        o.opened_p as open_p,
        o.clicked_p as click_p,
        least(o.opened_p, o.clicked_p) as both_p
    from outcomes as o
    join owners as w on w.owned = o.unit
    left join proxied as x on x.behind = w.owner
    where o.was_delivered = 1 and o.opens_individual = 1 and o.clicks_individual = 1
)
select
    place as domain, is_behind as behind_proxy, count(*) as units, sum(nameless) as unnamed,
    sum(opened_once) as opened_raw, sum(clicked_once) as clicked_raw, sum(open_p) as p, sum(click_p) as q,
    sum(both_p) as r, sum(open_p * open_p) as pp,
    sum(click_p * click_p) as qq, sum(both_p * both_p) as rr, sum(open_p * click_p) as pq, sum(open_p * both_p) as pr,
    sum(click_p * both_p) as qr
from told
group by place, is_behind
order by place, is_behind
