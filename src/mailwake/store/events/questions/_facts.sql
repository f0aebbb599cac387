-- Part: what is known of each unit of `scope`, whatever became of it.
facts as (
    select
        unit,
        max(delivery) as delivery,
        max(recipient) as recipient,
        max(domain) as domain,
        max(happened_at) as last_at,
        {arg_max:case when type in ('bounced', 'deferred', 'rejected', 'failed') then reason end:
            least(greatest(happened_at, 0), 4503599627370495) * 512 + kept % 512} as reason
    from scope
    where unit is not null
    group by unit
)
