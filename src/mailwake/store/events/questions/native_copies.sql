-- Which copies were sent, what became of each, and how closely was it watched? One row each, by recipient and copy.
-- $since integer  only copies sent since then, microseconds
-- recipient, delivery, campaign, template  of the copy
-- sent_at         microseconds
-- modes           as sealed into the copy, both in one byte; null: not known
-- opens_human, opens_possible, opens_machine     opens by grade
-- clicks_human, clicks_possible, clicks_machine  clicks by grade
-- bounced         1: it came back
with scope as (select * from events where recipient is not null and delivery is not null),
copies as (
    select
        max(recipient) as recipient,
        delivery,
        max(campaign) as campaign,
        max(template) as template,
        min(case when type = 'sent' then happened_at end) as sent_at,
        max(case when type = 'sent' then modes end) as modes,
        sum(case when reaction = 'opened' and grade = 2 then 1 else 0 end) as opens_human,
        sum(case when reaction = 'opened' and grade = 1 then 1 else 0 end) as opens_possible,
        sum(case when reaction = 'opened' and grade = 0 then 1 else 0 end) as opens_machine,
        sum(case when reaction = 'clicked' and grade = 2 then 1 else 0 end) as clicks_human,
        sum(case when reaction = 'clicked' and grade = 1 then 1 else 0 end) as clicks_possible,
        sum(case when reaction = 'clicked' and grade = 0 then 1 else 0 end) as clicks_machine,
        max(case when type = 'bounced' then 1 else 0 end) as bounced
    from scope
    group by delivery
)
select
    recipient, delivery, campaign, template, sent_at, modes,
    opens_human, opens_possible, opens_machine, clicks_human, clicks_possible, clicks_machine, bounced
from copies
where sent_at >= $since
order by recipient, sent_at, delivery
