DROP VIEW runs_in_scope;
ALTER TABLE scheduler_jobs DISABLE ROW LEVEL SECURITY, DROP COLUMN accounts;
