"""How often a vendor has to be asked on a day, computed from the trace and the documented lives alone.

A line of the trace is one page view: visitor, millisecond, `first` or `again`, and for the first one the
millisecond from which the vendor knows the visitor (-1: never). A view shows the profile, then sends an event.
An id made by the very view is not looked up.
"""

import sys

RESOLUTION = 24 * 3600 * 1000
FRESH = 5 * 60 * 1000
STALE = 24 * 3600 * 1000
FIRST_WAIT = 30 * 1000
LONGEST_WAIT = 3600 * 1000
EARLY = (5 * 1000, 15 * 1000)

calls = 0
known_from, first_event = {}, {}
found, said = {}, {}
missed = {}

for line in open(sys.argv[1]):
    visitor, at, kind, known = line.split()
    at = int(at)
    if kind == "first":
        known_from[visitor] = int(known)
        first_event[visitor] = at
        continue
    if visitor in found and at - found[visitor] < RESOLUTION:
        age = at - said[visitor]
        if age < FRESH:
            continue
        # Shown stale and refreshed behind, or too old and waited for: one call either way.
        calls += 1
        said[visitor] = at
        continue
    if visitor in missed:
        tried, wait = missed[visitor]
        over = at >= tried + wait
        early = any(tried < first_event[visitor] + after <= at for after in EARLY)
        if not over and not early:
            continue
    calls += 1
    if 0 <= known_from[visitor] <= at:
        found[visitor] = said[visitor] = at
        missed.pop(visitor, None)
    elif visitor not in missed:
        missed[visitor] = (at, FIRST_WAIT)
    else:
        tried, wait = missed[visitor]
        missed[visitor] = (at, min(wait * 2, LONGEST_WAIT) if at >= tried + wait else wait)

print(calls)
