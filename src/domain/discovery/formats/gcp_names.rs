//! Full resource names of Google Cloud, and the links by which its services name the same resources.

use super::cloud_format::{text, text_at};
use crate::domain::discovery::raw_resource::RawResource;
use serde_json::{Map, Value};

/// Project of `//SERVICE.googleapis.com/projects/PROJECT/...`.
pub(super) fn project(name: &str) -> Option<&str> {
    let (_service, path) = name.strip_prefix("//")?.split_once('/')?;
    let project = path.strip_prefix("projects/")?.split('/').next()?;
    (!matches!(project, "" | "_" | "-")).then_some(project)
}

/// Folder or organization of a name that is one itself: `folders/123`.
pub(super) fn container(name: &str) -> Option<String> {
    let path = name.strip_prefix("//cloudresourcemanager.googleapis.com/")?;
    let is_container = path.starts_with("folders/") || path.starts_with("organizations/");
    is_container.then(|| path.to_owned())
}

/// Account of `projects/ID`; folders and organizations keep their prefix.
pub(super) fn account_of_ancestor(ancestor: &str) -> &str {
    ancestor.strip_prefix("projects/").unwrap_or(ancestor)
}

/// Last part of a path.
pub(super) fn last_part(path: &str) -> String {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .to_owned()
}

/// Full resource name of a link such as `https://www.googleapis.com/compute/v1/projects/PROJECT/...`.
pub(super) fn name_of_link(link: &str) -> Option<String> {
    let (host, path) = link.strip_prefix("https://")?.split_once('/')?;
    let first = path.split('/').next()?;
    let service = match host.strip_suffix(".googleapis.com")? {
        "www" | "content" => first,
        service => service,
    };
    let service = match service {
        "sql" | "sqladmin" => "cloudsql",
        service => service,
    };
    if service == "storage" {
        let bucket = path.split_once("/b/")?.1;
        return (!bucket.contains('/')).then(|| format!("//storage.googleapis.com/{bucket}"));
    }
    let below = &path[path.find("projects/")?..];
    Some(format!("//{service}.googleapis.com/{below}"))
}

/// Asset type of a full resource name: the service, and the singular of the last list.
pub(super) fn type_of_name(name: &str) -> Option<String> {
    let (service, path) = name.strip_prefix("//")?.split_once('/')?;
    match service {
        "storage.googleapis.com" => return Some("storage.googleapis.com/Bucket".to_owned()),
        "cloudsql.googleapis.com" => return Some("sqladmin.googleapis.com/Instance".to_owned()),
        _ => {}
    }
    let list = path.rsplit('/').nth(1)?;
    let singular = match list {
        _ if list.ends_with("ies") => format!("{}y", &list[..list.len() - 3]),
        _ if list.ends_with("sses") => list[..list.len() - 2].to_owned(),
        _ => list.strip_suffix('s').unwrap_or(list).to_owned(),
    };
    let mut letters = singular.chars();
    let first = letters.next()?.to_ascii_uppercase();
    Some(format!("{service}/{first}{}", letters.as_str()))
}

/// Region of the data of a resource, as its service gives it: a name, or a link that ends with one.
pub(super) fn location(data: &Map<String, Value>) -> Option<String> {
    ["location", "zone", "region"]
        .into_iter()
        .find_map(|key| text(data, key))
        .map(|location| last_part(&location))
}

/// Time at which the data says that the resource was created.
pub(super) fn creation_time(data: &Map<String, Value>) -> Option<String> {
    ["creationTimestamp", "createTime", "timeCreated"]
        .into_iter()
        .find_map(|key| text(data, key))
}

/// Adds the labels of the data of a resource, wherever its service keeps them.
pub(super) fn add_labels(raw: &mut RawResource, data: &Map<String, Value>) {
    let user_labels = data
        .get("settings")
        .and_then(|settings| settings.get("userLabels"));
    let labels = [data.get("labels"), data.get("resourceLabels"), user_labels];
    let labels = labels.into_iter().flatten().find(|labels| !labels.is_null());
    raw.add_tag_values(labels.unwrap_or(&Value::Null));
}

/// Name in the data of a resource, without the path that some services write before it.
pub(super) fn data_name(data: &Map<String, Value>) -> Option<String> {
    text_at(data, &["name"]).map(|name| last_part(&name))
}

#[cfg(test)]
mod tests {
    use super::{name_of_link, project, type_of_name};

    #[test]
    fn links_are_names_of_the_same_resources() {
        for (link, name, kind) in [
            (
                "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i",
                "//compute.googleapis.com/projects/p/zones/z/instances/i",
                "compute.googleapis.com/Instance",
            ),
            (
                "https://compute.googleapis.com/compute/v1/projects/p/global/addresses/a",
                "//compute.googleapis.com/projects/p/global/addresses/a",
                "compute.googleapis.com/Address",
            ),
            (
                "https://www.googleapis.com/storage/v1/b/a-bucket",
                "//storage.googleapis.com/a-bucket",
                "storage.googleapis.com/Bucket",
            ),
            (
                "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c",
                "//container.googleapis.com/projects/p/locations/l/clusters/c",
                "container.googleapis.com/Cluster",
            ),
            (
                "https://sqladmin.googleapis.com/sql/v1beta4/projects/p/instances/i",
                "//cloudsql.googleapis.com/projects/p/instances/i",
                "sqladmin.googleapis.com/Instance",
            ),
        ] {
            assert_eq!(name_of_link(link).as_deref(), Some(name), "{link}");
            assert_eq!(type_of_name(name).as_deref(), Some(kind), "{link}");
        }
        assert_eq!(name_of_link("https://example.com/projects/p"), None);
        assert_eq!(project("//storage.googleapis.com/projects/_/buckets/b"), None);
    }
}
