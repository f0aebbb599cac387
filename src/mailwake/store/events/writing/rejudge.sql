-- Replaces the verdicts of provisional events by those in `new_verdicts`; settled events keep theirs. DuckDB only.
update provisional set p_human = v.p_human, klass = v.klass, reasons = v.reasons, ruleset = v.ruleset
from new_verdicts as v
where provisional.id = v.id;
