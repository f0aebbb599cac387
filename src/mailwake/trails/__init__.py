"""From a number to the people behind it where no page lists them yet, and from any such list on to Salesforce."""
