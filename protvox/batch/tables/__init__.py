"""The output tables of a run: schemas, Parquet parts and the output folder."""
