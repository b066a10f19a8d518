"""The Derivation page."""
