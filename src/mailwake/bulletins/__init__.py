"""Reports that come by mail at a set hour, once per period, with their charts in; never tracked."""
