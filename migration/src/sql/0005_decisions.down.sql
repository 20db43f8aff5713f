DROP TRIGGER decision_items_go ON scheduler_jobs;
DROP FUNCTION decision_items_follow_run;
DROP TABLE decision_items;
