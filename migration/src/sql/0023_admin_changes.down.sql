DROP TABLE admin_changes;
DROP FUNCTION admin_changes_refuse_change;
