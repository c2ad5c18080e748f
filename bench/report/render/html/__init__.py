"""Tables -> report.html: one file that opens offline, with every figure and every reason."""
