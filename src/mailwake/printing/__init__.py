"""Answers for a terminal and for spreadsheets, one file per noun. Figures read as on the pages."""
