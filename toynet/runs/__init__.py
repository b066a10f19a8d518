"""The store of runs: records in, records out."""
