DROP TABLE import_summaries;
