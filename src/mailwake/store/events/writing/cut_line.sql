-- Notes how far withdrawals were followed. DuckDB only.
-- $line number of a line of the consent ledger
delete from cuts;

insert into cuts values ($line);
