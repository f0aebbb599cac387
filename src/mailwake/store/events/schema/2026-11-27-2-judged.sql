-- Settled events take two tables in place of one: those with a verdict, and all others. What only hits have then stands side
-- by side, and what they lack costs nothing. Rows are added as they settle, each time sorted by campaign and delivery.
--   id       null: that of its copy (`Dialect.copy_id`), which is most of what can be told from the rest of a row
--   p        P(human) in whole ten-thousandths
--   reasons  packed, see phrases
drop view events;

create table unjudged (
    id {maybe_integer},
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
    p {maybe_integer},
    klass {maybe_word},
    reasons {text},
    ruleset {word}
) {sorted:campaign:happened_at};

{table_like:judged:unjudged};

-- What the letters in packed reasons stand for: a code, and a fact with # in place of its numbers (phrases.py).
create table phrases (letters {word}, code {word}, words {text}) {keyed:letters};
