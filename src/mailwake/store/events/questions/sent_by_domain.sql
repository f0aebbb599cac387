-- How many copies were sent to each recipient domain, by campaign? By campaign and domain.
-- $campaign integer  id of the only campaign; 0: all of them
-- $since integer     only copies sent from then on, microseconds
-- campaign           null: not known
-- domain             as stored: itself, or a keyed stand-in; null: not known
-- one, another       two of its recipients' handles, by which the state store knows the domain; null: not known
-- copies             deliveries
select
    campaign,
    domain,
    min(recipient) as one,
    max(recipient) as another,
    count(distinct delivery) as copies
from events
where type = 'sent' and delivery is not null and happened_at >= $since and ($campaign = 0 or campaign = $campaign)
group by campaign, domain
order by coalesce(campaign, 0), coalesce(domain, '')
