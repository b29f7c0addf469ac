"""`phonemfa fleet`: many tenants in one go. Running it again does what is left.

command     what was asked, in which order, and how the answer is told
selection   which stacks are meant, and what is known of each before anything runs
run         waves, so many at once, one at a time for one tenant; the live table and the summary
work        one stack: a preview, an `up`, or a look for drift
"""
