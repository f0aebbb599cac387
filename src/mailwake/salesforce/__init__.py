"""Salesforce over HTTP: signing in, records, queries, bulk jobs; knows nothing of mail."""
