-- What was each recipient sent, and what did they do as people? By recipient.
-- $since integer  counts are of what happened since then, microseconds
-- $until integer  what we learned of later does not count, microseconds
-- recipient       handle
-- sent_at, opened_at, clicked_at, replied_at  the latest of each, microseconds; null: none. Opens and clicks by people alone
-- sent, opened, clicked  copies sent; copies opened by a person; links clicked by a person, in each copy once
-- template, link  of the latest click; null: none
with scope as (select * from events where recipient is not null and received_at <= $until),
hits as (
    select
        recipient as reader,
        max(case when type = 'sent' then happened_at end) as last_sent,
        max(case when reaction = 'opened' and grade = 2 then happened_at end) as last_open,
        max(case when reaction = 'clicked' and grade = 2 then happened_at end) as last_click,
        max(case when type = 'replied' then happened_at end) as last_reply,
        max(template) as its_template,
        coalesce(link, 0) as its_link
    from scope
    where delivery is not null
    group by recipient, delivery, coalesce(link, 0)
)
select
    reader as recipient,
    max(last_sent) as sent_at,
    max(last_open) as opened_at,
    max(last_click) as clicked_at,
    max(last_reply) as replied_at,
    sum(case when last_sent >= $since then 1 else 0 end) as sent,
    sum(case when last_open >= $since then 1 else 0 end) as opened,
    sum(case when last_click >= $since then 1 else 0 end) as clicked,
    {arg_max:case when last_click is not null then its_template end:coalesce(last_click, 0) * 512 + its_link % 512} as template,
    {arg_max:case when last_click is not null then its_link end:coalesce(last_click, 0) * 512 + its_link % 512} as link
from hits
group by reader
order by reader
