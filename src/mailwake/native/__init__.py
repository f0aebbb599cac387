"""What Salesforce's own tracking says of mail that went through us, beside what we know; for comparison alone."""
