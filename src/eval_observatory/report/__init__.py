"""Rows to what people read: words, drawings, tables, figures. No statistics, no selection."""
