"""What every page stands in: templates compiled and filled, files for browsers, and what is said when it fails."""
