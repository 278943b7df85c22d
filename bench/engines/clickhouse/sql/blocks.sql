-- How many INSERTs made what is there: each makes one block with a number of its own, and a part has those it was merged of.
SELECT sum(max_block_number - min_block_number + 1)
FROM system.parts
WHERE active AND database = currentDatabase() AND table = 'events'
