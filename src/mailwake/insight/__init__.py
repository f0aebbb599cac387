"""Questions a marketer asks, answered from the stores."""
