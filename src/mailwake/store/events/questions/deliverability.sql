-- What had become of the copies sent to each of the largest recipient domains, by campaign and day, when each was so old?
-- $campaign integer  id of the only campaign; 0: all of them
-- $since integer     copies sent from then on, microseconds
-- $age integer       microseconds after its copy was sent, until which an event counts
-- $limit integer     domains that are told apart, those with most copies
-- $step integer      length of a day, seconds; or of any other period
-- $ahead integer     seconds that its clock is ahead of UTC
-- domain           as stored; null: all others, and those not known
-- campaign         id; null: not known
-- day              number of the period since 1970
-- people           different recipients of the domain; of all others null, here and below
-- one, another     two of their handles, by which the state store knows the domain
-- the others       deliveries, as in campaign_counts; expected and doubt in ten-thousandths
with copies as (
    select
        delivery as copy, min(happened_at) as begun_at, max(domain) as place, max(campaign) as mail, max(recipient) as person
    from events
    where type = 'sent' and delivery is not null and happened_at >= $since and ($campaign = 0 or campaign = $campaign)
    group by delivery
),
scope as (
    select *
    from events
    inner join copies on copies.copy = events.delivery
    where happened_at >= $since - 3600000000 and happened_at - begun_at <= $age
        and ($campaign = 0 or campaign = $campaign)
        and type in ('sent', 'delivered', 'deferred', 'bounced', 'complained', 'clicked')
),
{part:_chances},
{part:_counts:place},
large as (
    select place as large_place, count(distinct person) as people, min(person) as one, max(person) as another
    from copies
    where place is not null
    group by place
    order by count(*) desc, place
    limit $limit
)
select
    large_place as domain,
    mail as campaign,
    {div:sent_at + cast(1000000 as bigint) * $ahead:cast(1000000 as bigint) * $step} as day,
    max(people) as people,
    min(one) as one,
    max(another) as another,
    sum(was_sent) as sent,
    sum(was_delivered) as delivered,
    sum(was_deferred) as deferred,
    sum(case when bounced_at is not null and was_delivered = 0 then 1 else 0 end) as bounced,
    sum(was_complained) as complained,
    sum(was_delivered * clicks_individual) as clicks_trackable,
    sum(clicked_p * was_delivered * clicks_individual) as clicked_expected_in_base,
    sum(clicked_p * (10000 - clicked_p) * was_delivered * clicks_individual) as clicked_doubt_in_base
from outcomes
inner join copies on copies.copy = outcomes.unit
left join large on large.large_place = copies.place
group by large_place, mail, day
order by coalesce(large_place, ''), coalesce(mail, 0), day
