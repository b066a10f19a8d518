"""The controls: the sidebar, and what all controls have in common."""
