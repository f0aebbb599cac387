"""The outside world: readers, scanners and mail servers, talking HTTP and SMTP only."""
