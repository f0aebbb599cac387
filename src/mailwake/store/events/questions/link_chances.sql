-- Which places of one template were clicked, by whom, and how likely by a person? By number; only clicks that count.
-- $campaign integer          id of the campaign
-- $template integer          id of the template
-- $age integer               microseconds after its copy was sent, until which a click counts
-- $device text               only clicks from such a device, 'unknown' for those of which it is not known; empty: all
-- $client text               the same of the program
-- $country text              the same of the country, ISO 3166-1
-- link                       number of the link
-- event_count                clicks
-- human, possible, machine   deliveries, each once per link
-- expected, doubt            deliveries in which a person clicked, in ten-thousandths, and the variance of that
-- and with _in_base the same for delivered copies whose clicks may be told
with sendings as (
    select
        delivery as sending,
        min(case when type = 'sent' then happened_at end) as sent_at,
        max(case when type = 'sent' and modes % 16 = 3 then 1 else 0 end) as clicks_individual,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at
    from events
    where campaign = $campaign and delivery is not null
    group by delivery
),
copies as (select sending, sent_at, clicks_individual * {part:_delivered} as in_base from sendings),
visitors as (
    select
        link, delivery, agent, max(grade) as best, count(*) as clicks, max(in_base) as counts,
        ln(greatest(1 - max(coalesce(p_human, 0.5)), 0.000000001)) as nobody
    from events
    inner join copies on copies.sending = events.delivery
    where campaign = $campaign and template = $template and reaction = 'clicked' and link is not null
        and happened_at - coalesce(sent_at, happened_at) <= $age
        and ($device = '' or coalesce(device, 'unknown') = $device)
        and ($client = '' or coalesce(client, 'unknown') = $client)
        and ($country = '' or coalesce(country, 'unknown') = $country)
    group by link, delivery, agent
),
units as (
    select
        link, max(best) as grade, sum(clicks) as clicks, max(counts) as counts,
        cast(floor(0.3183 + 10000 * (1 - exp(sum(nobody)))) as bigint) as chance
    from visitors
    group by link, delivery
)
select
    link, sum(clicks) as event_count,
    sum(case when grade = 2 then 1 else 0 end) as human,
    sum(case when grade = 1 then 1 else 0 end) as possible,
    sum(case when grade = 0 then 1 else 0 end) as machine,
    sum(case when grade = 0 then counts else 0 end) as machine_in_base, sum(counts) as raw_in_base,
    sum(chance) as expected, sum(chance * (10000 - chance)) as doubt,
    sum(chance * counts) as expected_in_base, sum(chance * (10000 - chance) * counts) as doubt_in_base
from units
group by link
order by link
