"""Events become facts and states, in named steps."""
