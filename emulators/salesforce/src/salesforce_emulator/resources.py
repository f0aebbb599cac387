"""All resources below `/services/data/vNN.N`."""

from __future__ import annotations

from . import batches, bulk, bulkquery, composite, consent, describe, limits, listviews, metadata, queries, rows

#: Asked in this order; the patterns of collections must come before those of single rows would fit.
ROUTES = [
    *limits.ROUTES,
    *describe.ROUTES,
    *listviews.ROUTES,
    *rows.ROUTES,
    *queries.ROUTES,
    *batches.ROUTES,
    *composite.ROUTES,
    *bulk.ROUTES,
    *bulkquery.ROUTES,
    *metadata.ROUTES,
    *consent.ROUTES,
]
