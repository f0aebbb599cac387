-- What became of each delivery of a campaign that was opened or clicked in from some place or at some hour, or went to some
-- domains? In order of sending. A delivery's place is that of the event that decides its grade, as in clients, devices and countries.
-- $campaign integer     id of the campaign
-- $only text            as in recipients
-- $kind text            '' for the place of either; or opened, clicked: of that alone
-- $client text          '' for any, 'unknown' for those not known; or a client
-- $device text          '' for any, 'unknown', 'proxied'; or a device
-- $country text         '' for any, 'unknown', 'proxied'; or a country
-- $domains text         '' for any; or domains as stored at sending, with commas before, between and behind
-- $elsewhere integer    1: those whose domain is not among these, in place of those whose domain is
-- $hours text           '' for any; or countries and quarters of an hour since 1970, such as ,DE@1995276, with commas around each
-- $limit integer        rows
-- $offset integer       rows to pass over
-- $after_at integer     only those whose place in the order comes after this one, or at the same
-- $after_unit integer   after this unit
-- the columns           as in recipients
with scope as (select * from events where campaign = $campaign),
{part:_chances},
{part:_counts:template},
{part:_facts},
decided as (
    select
        delivery as visited_unit,
        {arg_min:coalesce(client, ''):deciding} as by_client,
        {arg_min:{part:_device}:deciding} as by_device,
        {arg_min:{part:_country}:deciding} as from_country,
        {arg_min:coalesce(country, ''):deciding} as by_land,
        {div:min(deciding) % 2305843009213693952:512} as by_time
    from scope
    where reaction is not null and delivery is not null and ($kind = '' or reaction = $kind)
    group by delivery, reaction
),
visits as (
    select distinct visited_unit from decided
    where ($client = '' or coalesce(nullif(by_client, ''), 'unknown') = $client)
        and ($device = '' or coalesce(nullif(by_device, ''), 'unknown') = $device)
        and ($country = '' or coalesce(nullif(from_country, ''), 'unknown') = $country)
        and ($hours = '' or position(concat(',', by_land, '@', {div:by_time:900000000}, ',') in $hours) > 0)
),
mailed as (
    select delivery as mailed_unit, max(domain) as mailed_to
    from scope where type = 'sent' and delivery is not null group by delivery
),
addressed as (
    select mailed_unit from mailed
    where case when position(concat(',', coalesce(mailed_to, ' '), ',') in $domains) > 0 then 0 else 1 end = $elsewhere
),
named as (
    {part:_became}
    where {part:_wanted} = 1
        and (concat($client, $device, $country, $hours) = '' or o.unit in (select visited_unit from visits))
        and ($domains = '' or o.unit in (select mailed_unit from addressed))
)
select
    delivery, recipient, template, domain, outcome, opened, clicked, sent_at, last_at, coalesce(reason, '') as reason, total,
    place, unit
from (select *, count(*) over () as total from named) as counted
where place > $after_at or (place = $after_at and unit > $after_unit)
order by place, unit
limit $limit offset $offset
