"""What is added to a Salesforce org so that engagement has a place there, and the way in and out again."""
