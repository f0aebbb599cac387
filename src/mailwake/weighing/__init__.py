"""The mathematics of scores: amounts that fade and fill, a fit, and how well a number tells two kinds apart."""
