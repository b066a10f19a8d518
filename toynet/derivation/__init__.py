"""The derivation taken apart: every quantity as data, the proof, the classical mistakes, exercises and texts."""
