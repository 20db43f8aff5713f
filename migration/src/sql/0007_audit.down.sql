DELETE FROM schedules WHERE job_name = 'seal';
DELETE FROM scheduler_jobs WHERE job_name = 'seal';
DROP TABLE tag_audit_seals, tag_audit_detached;
DROP FUNCTION tag_audit_seals_refuse_change;
DROP INDEX tag_audit_action;
