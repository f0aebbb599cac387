-- What became of the records of each writer of the log, in the words of the pipeline. A store that has a cursor and
-- nothing here is older than this table; whoever reads the log fills in what came before.
create table taken (writer {word}, term {word}, n {integer}) {summed:writer:term};
