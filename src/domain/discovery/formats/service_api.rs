//! Lists and objects of the API of one service of Google Cloud, as `gcloud ... list --format json` prints them.

use super::cloud_format::{CloudFormat, RawEntry, object, text};
use super::file_format::FileFormat;
use super::gcp_names::{
    add_labels, creation_time, data_name, last_part, location, name_of_link, project, type_of_name,
};
use super::json_walker::PathRole;
use crate::domain::discovery::Rejection;
use crate::domain::discovery::raw_resource::RawResource;

pub(super) struct ServiceApi {
    /// Path of the list: empty for a list by itself or one resource.
    list: &'static str,
}

impl ServiceApi {
    pub fn new(list: &'static str) -> Self {
        Self { list }
    }
}

fn resource(json: &[u8]) -> RawEntry {
    let map = object(json)?;
    let Some(link) = text(&map, "selfLink") else {
        return Err(Rejection::new("has no selfLink"));
    };
    let Some(name) = name_of_link(&link) else {
        return Err(Rejection::of(
            "resource_id",
            &link,
            "is no link to a resource of a service",
        ));
    };
    let mut raw = RawResource {
        cloud: Some("gcp".to_owned()),
        account_id: project(&name)
            .map(str::to_owned)
            .or_else(|| text(&map, "projectNumber")),
        resource_type: type_of_name(&name),
        name: Some(data_name(&map).unwrap_or_else(|| last_part(&name))),
        region: location(&map),
        created_at: creation_time(&map),
        resource_id: Some(name),
        ..RawResource::default()
    };
    add_labels(&mut raw, &map);
    Ok(raw)
}

impl CloudFormat for ServiceApi {
    fn format(&self) -> FileFormat {
        FileFormat::GcpServiceApi
    }

    fn role(&self, path: &str) -> PathRole {
        match path {
            _ if path == self.list => PathRole::Entries,
            "" => PathRole::Inside,
            _ => PathRole::Skipped,
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        entries.push(resource(json));
    }

    fn gaps(&self) -> Vec<String> {
        vec!["the API of one service lists its own resources alone".to_owned()]
    }
}
