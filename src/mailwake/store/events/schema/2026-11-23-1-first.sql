-- The tables of the event store. {word}, {text} and {maybe_...} are types that each engine spells in its own way.
-- `settled` is only ever appended to, each time sorted by campaign and delivery: equal ids side by side take little room,
-- and a question on one campaign skips the rest. `provisional` has the same columns and may be rewritten.
create table settled (
    id {integer},
    type {word},
    happened_at {integer},
    lag {integer},
    source {word},
    campaign {maybe_integer},
    template {maybe_integer},
    delivery {maybe_integer},
    recipient {maybe_integer},
    link {maybe_integer},
    role {maybe_word},
    note {word},
    modes {integer},
    links {maybe_integer},
    stream {word},
    domain {maybe_word},
    network {maybe_integer},
    network_kind {word},
    asn {maybe_integer},
    country {maybe_word},
    agent {maybe_integer},
    agent_kind {word},
    client {maybe_word},
    device {maybe_word},
    flags {integer},
    reason {text},
    message_bytes {maybe_integer},
    p_human {maybe_real},
    klass {maybe_word},
    reasons {text},
    ruleset {word}
) {sorted:campaign:happened_at};

{table_like:provisional:settled};

-- Mode `aggregate`: hits per hour, and nothing about who.
create table counters (
    campaign {integer},
    template {integer},
    link {integer},
    hour {integer},
    type {word},
    n {integer}
) {summed:campaign:template:link:hour:type};

-- The last segment of each writer of the log that is in the tables above.
create table cursors (writer {word}, segment {integer}) {keyed:writer};
