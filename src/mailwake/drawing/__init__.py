"""What every page and table is made of: numbers in words, shapes, lists, pages and rows."""
