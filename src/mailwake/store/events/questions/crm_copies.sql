-- Which copies did a person open or click in, or came back, or made somebody leave? One row each, by recipient and copy.
-- $since integer   only copies sent since then, microseconds
-- $until integer   what we learned of later does not count, microseconds
-- $campaigns text  campaigns with commas between, of which all copies are told
-- recipient, delivery, campaign, template  of the copy
-- sent_at, delivered_at, bounced_at, unsubscribed_at, complained_at, replied_at  microseconds; null: not
-- opened_at, reopened_at, clicked_at, reclicked_at  the first and the last of a person; null: none
-- opens_human, opens_machine, clicks_human, clicks_machine  events by grade; what is only possible is in neither
-- confidence      the highest chance that a person clicked or opened, 0-1; null: nothing judged
-- reason          latest words of a server that refused the copy, else ''
-- refusal         id of that event; null: none
-- device, country of the event that decides; null where not known, or where a proxy stands in between
with scope as (select * from events where recipient is not null and delivery is not null and received_at <= $until),
copies as (
    select
        max(recipient) as recipient,
        delivery,
        max(campaign) as campaign,
        max(template) as template,
        min(case when type = 'sent' then happened_at end) as sent_at,
        max(case when type = 'delivered' then happened_at end) as delivered_at,
        max(case when type = 'bounced' then happened_at end) as bounced_at,
        min(case when type = 'unsubscribed' then happened_at end) as unsubscribed_at,
        min(case when type = 'complained' then happened_at end) as complained_at,
        min(case when type = 'replied' then happened_at end) as replied_at,
        min(case when reaction = 'opened' and grade = 2 then happened_at end) as opened_at,
        max(case when reaction = 'opened' and grade = 2 then happened_at end) as reopened_at,
        min(case when reaction = 'clicked' and grade = 2 then happened_at end) as clicked_at,
        max(case when reaction = 'clicked' and grade = 2 then happened_at end) as reclicked_at,
        sum(case when reaction = 'opened' and grade = 2 then 1 else 0 end) as opens_human,
        sum(case when reaction = 'opened' and grade = 0 then 1 else 0 end) as opens_machine,
        sum(case when reaction = 'clicked' and grade = 2 then 1 else 0 end) as clicks_human,
        sum(case when reaction = 'clicked' and grade = 0 then 1 else 0 end) as clicks_machine,
        max(case when reaction is not null then p_human end) as confidence,
        {arg_max:case when type = 'bounced' then reason end:
            least(greatest(happened_at, 0), 4503599627370495) * 512 + kept % 512}
            as reason,
        {arg_max:case when type = 'bounced' then kept end:
            least(greatest(happened_at, 0), 4503599627370495) * 512 + kept % 512}
            as refusal,
        {arg_min:case when reaction is not null and agent_kind not in ('image_proxy', 'privacy_proxy') then device end:deciding}
            as device,
        {arg_min:case when reaction is not null and agent_kind not in ('image_proxy', 'privacy_proxy') then country end:deciding}
            as country
    from scope
    group by delivery
)
select
    recipient, delivery, campaign, template, sent_at, delivered_at, bounced_at, unsubscribed_at, complained_at, replied_at,
    opened_at, reopened_at, clicked_at, reclicked_at, opens_human, opens_machine, clicks_human, clicks_machine, confidence,
    coalesce(reason, '') as reason, refusal, device, country
from copies
where sent_at >= $since
    and (campaign in ({each:$campaigns}) or coalesce(opened_at, clicked_at, bounced_at, unsubscribed_at, complained_at, replied_at) is not null)
order by recipient, delivery
