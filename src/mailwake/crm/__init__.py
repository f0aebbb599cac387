"""What a Salesforce org is to hold of people, and what it says they want; writes nothing to it."""
