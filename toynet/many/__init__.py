"""Many runs at once: groups, sweeps, and whether a difference is larger than luck."""
