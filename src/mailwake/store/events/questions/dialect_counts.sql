-- What do other tools count of a campaign that our own rates do not need? One row.
-- $campaign integer   id of the campaign
-- taken               deliveries that a server took, also those that came back later
-- opened_events, clicked_events  events, as in campaign_counts
-- confirmed           deliveries opened or clicked, by anybody or anything
-- opened_direct       opened other than by Apple's privacy proxy, whatever else it was
-- confirmed_direct    of `confirmed`, those clicked or opened other than by that proxy
-- clicked_or_left     clicked, or unsubscribed by the link in the mail, whose click is one of ours not
with scope as (select * from events where campaign = $campaign and delivery is not null),
units as (
    select
        delivery,
        max(case when type = 'delivered' then 1 else 0 end) as was_taken,
        max(case when reaction = 'opened' then 1 else 0 end) as was_opened,
        max(case when reaction = 'opened' and coalesce(klass, '') <> 'mpp' then 1 else 0 end) as was_opened_directly,
        max(case when reaction = 'clicked' then 1 else 0 end) as was_clicked,
        max(case when type = 'unsubscribed' and note = 'button' then 1 else 0 end) as was_left,
        sum(case when reaction = 'opened' and source <> 'esp' then 1 else 0 end) as own_opens,
        sum(case when reaction = 'opened' and source = 'esp' then 1 else 0 end) as esp_opens,
        sum(case when reaction = 'clicked' and source <> 'esp' then 1 else 0 end) as own_clicks,
        sum(case when reaction = 'clicked' and source = 'esp' then 1 else 0 end) as esp_clicks
    from scope
    group by delivery
)
select
    coalesce(sum(was_taken), 0) as taken,
    coalesce(sum(greatest(own_opens, esp_opens)), 0) as opened_events,
    coalesce(sum(greatest(own_clicks, esp_clicks)), 0) as clicked_events,
    coalesce(sum(greatest(was_opened, was_clicked)), 0) as confirmed,
    coalesce(sum(was_opened_directly), 0) as opened_direct,
    coalesce(sum(greatest(was_opened_directly, was_clicked)), 0) as confirmed_direct,
    coalesce(sum(greatest(was_clicked, was_left)), 0) as clicked_or_left
from units
