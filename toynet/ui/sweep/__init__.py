"""The page Sweep: many runs, watched, compared and kept."""
