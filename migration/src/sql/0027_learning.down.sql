-- The trail of administration about models has no place in the older schema.
DROP TRIGGER kept ON admin_changes;
DELETE FROM admin_changes WHERE subject_type = 'MODEL';
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON admin_changes
    FOR EACH ROW EXECUTE FUNCTION admin_changes_refuse_change();
ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_subject_type_check,
    ADD CONSTRAINT admin_changes_subject_type_check CHECK (subject_type IN ('RULE', 'SCHEDULE', 'API_TOKEN'));
DELETE FROM scheduler_jobs WHERE job_name = 'train_model';
DELETE FROM schedules WHERE job_name = 'train_model';
ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check,
    ADD CONSTRAINT scheduler_jobs_job_name_check
        CHECK (job_name IN ('discover', 'auto_tag', 'import', 'maintain', 'decide', 'seal'));
DROP TABLE model_parts, models;
ALTER TABLE engine_state DROP COLUMN generation;
