-- What others may have to be told of, in the order in which it was stored; filled only where somebody is to be told, and
-- emptied once everybody was. A row holds what was known at that moment, so that telling it again says the same.
--   number   ever higher
--   kind     stored, settled or changed
--   seq      of the change of the verdict, as in verdict_changes; 0: it is not about a change
--   settled  1: the verdict is final but for replays
--   old_p, old_klass  the verdict before
create table news (
    number {integer},
    kind {word},
    seq {integer},
    noted_at {integer},
    settled {integer},
    event {integer},
    type {word},
    happened_at {integer},
    source {word},
    campaign {maybe_integer},
    template {maybe_integer},
    delivery {maybe_integer},
    recipient {maybe_integer},
    link {maybe_integer},
    role {maybe_word},
    note {word},
    modes {integer},
    reason {text},
    p_human {maybe_real},
    klass {maybe_word},
    ruleset {word},
    old_p {maybe_real},
    old_klass {maybe_word}
) {sorted:number};
