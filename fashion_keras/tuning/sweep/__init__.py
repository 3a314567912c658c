"""Fair comparisons: one setting of every arm is tuned alike, then the arms are measured at their picks on fresh seeds.

`space` has the values that are tried, `study` the trials of a comparison, `record` what is kept of them, and `run` the
command. Reporting reads `record` alone, so that nothing is imported here. The reasoning: docs/fair.md.
"""
