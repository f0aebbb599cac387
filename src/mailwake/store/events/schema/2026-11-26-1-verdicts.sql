-- Every change of a verdict that was stored: from what to what, when and why. As with events, those of provisional events
-- stand in a small table of their own until the event settles, so that counting them up reads that table alone.
--   seq         1, 2, ... for each event
--   changed_at  microseconds; by the clock of the events, of a replay by the wall
--   cause       id of the event that changed it; null: it settled, other rules came into force, or it was judged again
create table verdict_changes (
    event {integer},
    delivery {maybe_integer},
    seq {integer},
    changed_at {integer},
    old_p {maybe_real},
    old_klass {maybe_word},
    new_p {maybe_real},
    new_klass {maybe_word},
    cause {maybe_integer},
    ruleset {word}
) {sorted:delivery:event:seq};

{table_like:open_changes:verdict_changes};

-- The verdicts before the last replay that was applied, to go back to.
create table former (
    id {integer},
    p_human {maybe_real},
    klass {maybe_word},
    reasons {text},
    ruleset {word}
) {sorted:id};

-- Which rules came into force by a replay, and how: the last row holds.
--   how      applied or rolled_back
--   ruleset  in force from then on; empty: the package's own
--   former   in force until then
--   events   verdicts that were put in place
create table swaps (
    number {integer},
    swapped_at {integer},
    how {word},
    ruleset {word},
    former {word},
    events {integer}
) {sorted:number};
