"""The calls of `test_gateway_services`, as data: service, then operation, parameters, and what to keep.

Text with `$name` takes what an earlier answer was kept under; what to keep is a path into the
answer. Services come in the order of the lists: networks before machines, roles before functions.
"""

from . import applications, compute, data, identity, messaging, operations, storage

FAMILIES = (identity, storage, compute, data, messaging, operations, applications)

# Service, operation, parameters, what to keep of the answer.
CALLS = [
    (service, row[0], row[1], row[2] if len(row) > 2 else {})
    for family in FAMILIES
    for service, rows in family.CALLS.items()
    for row in rows
]
