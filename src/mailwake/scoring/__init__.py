"""How far a person's own acts speak for calling them: points that fade, with the reasons beside the number."""
