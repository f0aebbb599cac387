"""Answers as people read them: text, tables and drawings. Nothing is computed here, and nothing here asks a store."""
