-- What the copies of some sends did. `h` spreads a number evenly over 0 to 1, anew for each name.
create or replace temp macro h(n, name) as (hash(n, name) % 1000003) / 1000003.0;
create or replace temp macro whole(n, name) as (hash(n, name) >> 1)::bigint;
create or replace temp table fresh as
with copies as (
    select n, campaign, template, whole(n, 'copy') as delivery, (hash(n, 'who') % $people)::bigint as person,
        begun_at + (h(n, 'when') * 3.6e9)::bigint as sent_at, h(n, 'fate') as fate
    from (select *, unnest(range(first, last)) as n from sends) as numbers
),
machines as (select *, h(n, 'guard') < 0.15 as guarded, h(n, 'proxy') < 0.45 as proxied from copies),
told as (
    select *, 'sent' as type, sent_at as happened_at, 0 as turn from machines
    union all select *, 'deferred', sent_at + 60000000, 1 from machines where h(n, 'late') < 0.03
    union all select *, 'bounced', sent_at + 90000000, 2 from machines where fate < 0.02
    union all select *, 'delivered', sent_at + 2000000 + (h(n, 'way') * 9e6)::bigint, 3 from machines where fate >= 0.02
    union all select *, 'opened', sent_at + (1e6 * exp(9 + 2 * h(n, 'o1')))::bigint, 4 from machines
        where fate >= 0.02 and proxied
    union all select *, 'opened', sent_at + (1e6 * exp(6 + 6 * h(n, 'o2')))::bigint, 5 from machines
        where fate >= 0.02 and h(n, 'reads') < 0.28
    union all select machines.*, 'clicked', sent_at + 3000000 + turn_ * 400000, 6 + turn_
        from machines, range(3) t(turn_)
        where fate >= 0.02 and guarded and h(n, 'follows') < 0.25
    union all select *, 'clicked', sent_at + (1e6 * exp(7 + 6 * h(n, 'c2')))::bigint, 10 from machines
        where fate >= 0.02 and h(n, 'clicks') < 0.04
    union all select *, 'unsubscribed', sent_at + (1e6 * exp(8 + 5 * h(n, 'u')))::bigint, 11 from machines
        where fate >= 0.02 and h(n, 'leaves') < 0.003
    union all select *, 'complained', sent_at + (1e6 * exp(8 + 5 * h(n, 'k')))::bigint, 12 from machines
        where fate >= 0.02 and h(n, 'hates') < 0.0005
),
drawn as (
    select
        *, turn in (4, 6, 7, 8) as by_machine, type in ('opened', 'clicked') as is_hit, n * 16 + turn as seed,
        case when happened_at - lag(happened_at) over (partition by delivery order by happened_at, turn) > 900000000
            then 1 else 0 end as is_late
    from told
),
visits as (select *, sum(is_late) over (partition by delivery order by happened_at, turn) as visit from drawn),
settling as (
    select *, max(happened_at) over (partition by delivery, visit) as ended_at,
        case when not is_hit then '' when turn = 4 then 'mpp' when by_machine then 'machine' else 'human' end as kind
    from visits
)
select
    case when type not in ('sent', 'delivered') then whole(seed, 'id') end as id, type, happened_at, 0 as lag,
    case when is_hit or type = 'unsubscribed' then 'edge' else 'relay' end as source,
    campaign, template, delivery, handle as recipient,
    case when type = 'clicked' then 1 + (hash(seed, 'link') % $links)::bigint end as link,
    case when type = 'clicked' then ['cta', 'text', 'image', 'footer'][1 + (hash(seed, 'link') % 4)::int] end as role,
    case when type = 'unsubscribed' then 'button' else '' end as note, 51 as modes,
    $links as links, 'marketing' as stream, $domains[1 + (person % len($domains))::int] as domain,
    case when is_hit then whole(case when by_machine then person % 900 else person end, 'network') end as network,
    case when not is_hit then 'unknown' when by_machine then 'hosting' else 'residential' end as network_kind,
    case when is_hit then 1000 + (hash(person % 700, 'asn') % 700)::bigint end as asn,
    case when is_hit then ['DE', 'US', 'FR', 'GB', 'IT', 'ES', 'NL', 'AT'][1 + (person % 8)::int] end as country,
    case when is_hit then whole(person % 4000, 'agent') end as agent,
    case when is_hit then 'browser' else 'none' end as agent_kind,
    case when is_hit then ['Apple Mail', 'Gmail', 'Outlook', 'Chrome', 'Safari'][1 + (person % 5)::int] end as client,
    case when is_hit then ['desktop', 'mobile', 'tablet'][1 + (person % 3)::int] end as device,
    case when is_hit then (hash(seed, 'flags') % 64)::bigint else 0 end as flags,
    case type when 'bounced' then '550 5.1.1 no such user' when 'deferred' then '451 4.7.1 later' else '' end as reason,
    case when type = 'sent' then 30000 + (hash(n, 'bytes') % 4000)::bigint end as message_bytes,
    p, klass, coalesce(reasons, '') as reasons, case when is_hit then '2026-11-917070f8b28a' else '' end as ruleset
from settling
join readers on readers.number = person
left join (select kind as of_kind, count(*) as many from verdicts group by kind) as counts on of_kind = settling.kind
left join verdicts on verdicts.kind = of_kind and verdicts.place = (hash(seed, 'verdict') % many)::bigint
order by campaign, ended_at // 1000000, delivery, happened_at;

insert into unjudged by name select * from fresh where klass is null;

insert into judged by name select * from fresh where klass is not null
