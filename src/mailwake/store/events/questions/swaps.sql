-- Which rules came into force by a replay, and when? Last first: the first row holds; no row: the package's own rules.
-- number      1, 2, ...
-- swapped_at  microseconds
-- how         applied or rolled_back
-- ruleset     in force from then on; empty: the package's own
-- former      in force until then
-- verdicts    how many were put in place
select number, swapped_at, how, ruleset, former, events as verdicts
from swaps
order by number desc
