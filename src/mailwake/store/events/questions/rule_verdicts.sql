-- How do the verdicts of some events stand? By id.
-- $events text  ids with commas between
-- id, p_human, klass  as in the table
select kept as id, p_human, klass from events where kept in ({each:$events}) order by id
