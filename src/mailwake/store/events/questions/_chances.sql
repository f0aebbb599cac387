-- Part: how likely a person opened, and clicked in, each delivery of `scope`: 1 - product of (1 - P) over its visitors.
-- A visitor is a program: what one program did counts once, by the best of it, however many networks it came from, for a
-- person on the move and a fleet of machines do that alike. Not judged is one half: as doubtful as can be.
-- In whole ten-thousandths, so that sums are exact; the odd 0.3183 keeps short fractions away from where rounding turns.
visitors as (
    select delivery as visited, reaction as kind, agent, greatest(1 - max(coalesce(p_human, 0.5)), 0.000000001) as nobody
    from scope
    where reaction is not null and delivery is not null
    group by delivery, reaction, agent
),
chances as (
    select
        visited,
        cast(floor(0.3183 + 10000 * (1 - exp(sum(case when kind = 'opened' then ln(nobody) else 0 end)))) as bigint)
            as opened_p,
        cast(floor(0.3183 + 10000 * (1 - exp(sum(case when kind = 'clicked' then ln(nobody) else 0 end)))) as bigint)
            as clicked_p
    from visitors
    group by visited
)
