"""`python -m mailwake`."""

from mailwake.cli import main

main()
