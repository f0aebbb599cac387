"""As `views`, but of addresses, domains and the installation: what stands, beside what readers did. Asks no store."""
