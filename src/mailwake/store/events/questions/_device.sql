-- Part: the device that an event tells of; 'proxied' where a proxy hid it.
coalesce(device, case when agent_kind in ('image_proxy', 'privacy_proxy') then 'proxied' end, '')
