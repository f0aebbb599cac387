-- Verdicts that no longer hold: what an event was taken for before, and up to when. A change within one grade and class is
-- not kept. `nth` counts the changes of one event from 0; `changed_at` is the arrival of the latest event of the delivery that the new verdict knew of.
create table changes (
    id {integer},
    campaign {maybe_integer},
    delivery {maybe_integer},
    changed_at {integer},
    nth {integer},
    p_human {maybe_real},
    klass {maybe_word},
    reasons {text},
    ruleset {word}
) {sorted:campaign:delivery:changed_at:nth};
