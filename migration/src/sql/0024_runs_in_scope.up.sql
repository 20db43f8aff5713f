-- What callers limited to accounts see of runs. A run is about accounts; who may not see all of these sees that it is
-- there, where it stands, and when, and nothing that was counted, read or said in the course of it.

-- NULL stands for all accounts, as for discovery, back-fills and imports.
ALTER TABLE scheduler_jobs ADD COLUMN accounts text[];
UPDATE scheduler_jobs r SET accounts = of_run.accounts
  FROM (SELECT run_id, coalesce(array_agg(DISTINCT account_id) FILTER (WHERE account_id IS NOT NULL), '{}') AS accounts
          FROM decision_items GROUP BY run_id) of_run
 WHERE r.id = of_run.run_id AND r.job_name = 'decide';

-- The table's columns under their names, for whoever reads as virtual_tagging_reader. The view reads as its owner.
CREATE VIEW runs_in_scope AS
SELECT id, job_name, CASE WHEN shown THEN arguments ELSE '{}' END AS arguments, status, attempt, max_attempts, fence,
       run_at, woken_at, scheduled_for, CASE WHEN shown THEN progress_done ELSE 0 END AS progress_done,
       CASE WHEN shown THEN progress_total END AS progress_total, CASE WHEN shown THEN counts ELSE '{}' END AS counts,
       CASE WHEN shown OR error IS NULL THEN error
            ELSE 'it failed; who may see all accounts that it is about is shown why' END AS error,
       CASE WHEN shown OR requested_by LIKE 'system:%' THEN requested_by ELSE 'another caller' END AS requested_by,
       CASE WHEN shown THEN worker END AS worker, heartbeat_at, cancel_requested_at,
       CASE WHEN shown OR cancel_requested_by LIKE 'system:%' THEN cancel_requested_by
            WHEN cancel_requested_by IS NOT NULL THEN 'another caller' END AS cancel_requested_by,
       CASE WHEN shown THEN singleton_key END AS singleton_key, created_at, started_at, finished_at, priority,
       CASE WHEN shown THEN exclusive_key END AS exclusive_key, CASE WHEN shown THEN worker_key END AS worker_key,
       claimed_at, CASE WHEN shown THEN progress_claimed END AS progress_claimed, recruited_by,
       CASE WHEN shown THEN accounts END AS accounts
  FROM scheduler_jobs
 CROSS JOIN LATERAL (SELECT accounts <@ accounts_in_scope() IS TRUE AS shown) rights;

-- The role may ask the table, as programs before this migration do, and is shown none.
ALTER TABLE scheduler_jobs ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON runs_in_scope TO virtual_tagging_reader;
