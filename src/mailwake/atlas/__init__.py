"""What machines do to mail at each recipient domain, who takes its mail, and what a send to it will meet."""
