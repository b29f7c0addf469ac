"""`phonemfa fleet`: many tenants in one go.

command, options     what was asked, and how the answer is told
selection, members   which stacks are meant, and what is known of each before anything runs
conductor            who runs when: waves, slots, one at a time for one tenant, Ctrl-C
limits               what a tenant says about its own rate limit
engine, work         one stack through Pulumi's Automation API, or one look for drift
record               the run file: what is done, and what is left after an interruption
progress, report     the live table, the lines of a log, the summary, the JSON
"""
