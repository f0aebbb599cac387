"""One recipient and one copy: what became of it, whose each open and click was, and who engages how."""
