"""Files: CSV, Parquet and JSON lines, in and out."""
