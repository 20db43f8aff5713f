DROP TABLE import_samples, import_tags, import_rows, import_parts, imports;
