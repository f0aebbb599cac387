-- What did some recipients do, as persons? What a score is made of; in order of recipients, each one's in order of time.
-- $recipients text       handles with commas between; empty: everybody with a click of a person, an answer or a goal
-- $since integer         what happened at this time or later counts, microseconds
-- $opened_since integer  opens at this time or later
-- $sent_since integer    copies sent at this time or later
-- $until integer         all of it before this time
-- recipient            handle
-- kind                 sent, opened, clicked, replied or converted
-- id, happened_at      of the event; of several opens of one copy the latest
-- campaign, template, delivery, link  each null where not known
-- p_human              probability of a person, 0.5-1, of an open or click; null elsewhere
with wanted as (
    select recipient, type, reaction, id, happened_at, campaign, template, delivery, link, p_human
    from events
    where recipient is not null and happened_at >= $since and happened_at < $until
        and ((reaction = 'clicked' and grade = 2) or (reaction = 'opened' and grade = 2 and happened_at >= $opened_since)
            or type in ('replied', 'converted') or (type = 'sent' and happened_at >= $sent_since))
        and ($recipients = '' or recipient in ({each:$recipients}))
),
active as (
    select distinct recipient as who
    from wanted
    where $recipients <> '' or reaction = 'clicked' or type in ('replied', 'converted')
),
single as (
    select recipient, type as kind, id, happened_at, campaign, template, delivery, link, p_human
    from wanted
    where type <> 'opened'
    union all
    select max(recipient) as opener, 'opened' as what,
        {arg_max:id:least(greatest(happened_at, 0), 4503599627370495) * 512 + id % 512} as latest,
        max(happened_at) as latest_at, max(campaign) as mailing, max(template) as letter, delivery as copy,
        cast(null as {maybe_integer}) as no_link, max(p_human) as likeliest
    from wanted
    where type = 'opened' and delivery is not null
    group by delivery
)
select
    recipient, kind, id, happened_at, campaign, template, delivery, link,
    case when kind in ('opened', 'clicked') then p_human end as p_human
from single
where recipient in (select who from active)
order by recipient, happened_at, id
