"""The output tables of a run: schemas, Parquet parts, the output folder."""
