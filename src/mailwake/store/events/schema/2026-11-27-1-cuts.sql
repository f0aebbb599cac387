-- How far withdrawals were followed: the number of the last line of the consent ledger whose earlier opens and clicks were
-- cut off the person. It stands here so that it is one transaction with the cut, and goes back with a backup of this store.
create table cuts (line {integer}) {keyed:line};
