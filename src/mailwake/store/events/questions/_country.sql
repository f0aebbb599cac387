-- Part: the country that an event tells of; 'proxied' where a proxy asked, whose country says nothing of its user.
case when agent_kind in ('image_proxy', 'privacy_proxy') then 'proxied' else coalesce(country, '') end
