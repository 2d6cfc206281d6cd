"""The whole mesh at once, for its operator: one screen of where it stands, and checks that say what to do."""
