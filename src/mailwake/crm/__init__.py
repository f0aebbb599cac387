"""A Salesforce org gets answers: sums on people, rows for what matters, wishes about mail in both directions."""
