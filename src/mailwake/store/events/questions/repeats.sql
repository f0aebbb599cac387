-- How many copies did a person come back to, and how? A copy counts where a person most likely opened or clicked it.
-- $campaign integer   id of the only campaign; 0: all of them
-- copies              that a person reacted to
-- several_days        of these on two days (UTC) or more
-- returned            of these again fourteen days or more after the first time
-- several_devices     of these with two programs or devices or more, where no proxy hides them
-- passed_on           of these with three of them, or with two and from two countries: perhaps read by somebody else
with copies as (
    select
        delivery,
        count(distinct {div:happened_at:86400000000}) as days,
        max(happened_at) - min(happened_at) as span,
        count(distinct case
            when device <> 'proxied' and agent_kind not in ('image_proxy', 'privacy_proxy') then coalesce(client, '') || ' ' || device
        end) as devices,
        count(distinct case when agent_kind not in ('image_proxy', 'privacy_proxy') then country end) as countries
    from events
    where reaction in ('opened', 'clicked') and grade = 2 and delivery is not null
        and ($campaign = 0 or campaign = $campaign)
    group by delivery
)
select
    count(*) as copies,
    coalesce(sum(case when days > 1 then 1 else 0 end), 0) as several_days,
    coalesce(sum(case when span >= 1209600000000 then 1 else 0 end), 0) as returned,
    coalesce(sum(case when devices > 1 then 1 else 0 end), 0) as several_devices,
    coalesce(sum(case when devices > 2 or (devices > 1 and countries > 1) then 1 else 0 end), 0) as passed_on
from copies
