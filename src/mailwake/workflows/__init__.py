"""Does what rules decided, exactly once, takes it back when a verdict is withdrawn, and says why and why not."""
