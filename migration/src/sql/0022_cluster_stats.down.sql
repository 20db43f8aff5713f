DROP TRIGGER revisions ON engine_state;
DROP FUNCTION engine_revisions_follow;
DROP TABLE cluster_stats, discovery_successes, engine_revisions;
