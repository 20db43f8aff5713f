DROP TABLE import_rejections, import_chunks, import_files, schedules, scheduler_jobs;
