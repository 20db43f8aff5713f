DROP TRIGGER copied_to_tags ON resources;
DROP FUNCTION virtual_tags_follow_resources;
CREATE FUNCTION virtual_tags_follow_resource() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE virtual_tags SET cloud = NEW.cloud, account_id = NEW.account_id, resource_type = NEW.resource_type
     WHERE resource_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER resources_copied_to_tags AFTER UPDATE OF cloud, account_id, resource_type ON resources
    FOR EACH ROW
    WHEN ((OLD.cloud, OLD.account_id, OLD.resource_type) IS DISTINCT FROM (NEW.cloud, NEW.account_id, NEW.resource_type))
    EXECUTE FUNCTION virtual_tags_follow_resource();
