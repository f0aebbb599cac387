-- Part: at which events of `scope` it grows how likely a person opened, and clicked in, a delivery, as `_chances` has it.
-- delivery, kind, happened_at; p and before: in ten-thousandths, by what came until this event, and before it.
reactions as (
    select
        delivery, reaction as kind, happened_at, id,
        ln(greatest(1 - coalesce(p_human, 0.5), 0.000000001)) as nobody,
        coalesce(min(ln(greatest(1 - coalesce(p_human, 0.5), 0.000000001))) over (
            partition by delivery, reaction, agent
            order by happened_at, id
            rows between unbounded preceding and 1 preceding
        ), 0) as before
    from scope
    where reaction is not null and delivery is not null
),
likelier as (
    select
        delivery, kind, happened_at, id,
        cast(floor(0.3183 + 10000 * (1 - exp(sum(nobody - before) over (
            partition by delivery, kind
            order by happened_at, id
            rows between unbounded preceding and current row
        )))) as bigint) as p
    from reactions
    where nobody < before
),
steps as (
    select
        delivery, kind, happened_at, p,
        coalesce(max(p) over (
            partition by delivery, kind order by happened_at, id rows between unbounded preceding and 1 preceding
        ), 0) as before
    from likelier
),
growing as (select delivery, kind, happened_at, p, before from steps where p > before)
