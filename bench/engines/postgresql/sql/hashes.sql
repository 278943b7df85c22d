-- The hashes of some payloads, in their order, as the server reckons them.
SELECT pg_catalog.hashtextextended(payload COLLATE "C", 0)
FROM unnest(%(payloads)s::text[]) WITH ORDINALITY AS sent (payload, place)
ORDER BY place;
