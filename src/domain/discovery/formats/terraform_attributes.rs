//! Attributes of a resource in Terraform that an inventory needs. States hold secrets: no other attribute is kept, and
//! none that Terraform marks as sensitive.

use super::aws_names::{name_by_tag, resource_of_arn};
use super::azure_names::{subscription, type_of_id};
use super::cloud_format::RawEntry;
use super::gcp_names::{last_part, name_of_link, project, type_of_name};
use super::terraform_types::google_type;
use crate::domain::discovery::raw_resource::RawResource;
use serde::Deserialize;
use serde_json::Value;

/// Attributes that are read; serde skips all others.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TerraformAttributes {
    arn: Option<Value>,
    id: Option<Value>,
    self_link: Option<Value>,
    name: Option<Value>,
    project: Option<Value>,
    location: Option<Value>,
    zone: Option<Value>,
    region: Option<Value>,
    tags: Option<Value>,
    tags_all: Option<Value>,
    labels: Option<Value>,
    user_labels: Option<Value>,
    resource_labels: Option<Value>,
    effective_labels: Option<Value>,
}

impl TerraformAttributes {
    /// Attribute by its name, for those that Terraform may mark.
    fn by_name(&mut self, name: &str) -> Option<&mut Option<Value>> {
        Some(match name {
            "arn" => &mut self.arn,
            "id" => &mut self.id,
            "self_link" => &mut self.self_link,
            "name" => &mut self.name,
            "project" => &mut self.project,
            "location" => &mut self.location,
            "zone" => &mut self.zone,
            "region" => &mut self.region,
            "tags" => &mut self.tags,
            "tags_all" => &mut self.tags_all,
            "labels" => &mut self.labels,
            "user_labels" => &mut self.user_labels,
            "resource_labels" => &mut self.resource_labels,
            "effective_labels" => &mut self.effective_labels,
            _ => return None,
        })
    }

    /// Drops an attribute that is sensitive, or one key of it.
    pub fn forget(&mut self, name: &str, key: Option<&str>) {
        let Some(attribute) = self.by_name(name) else {
            return;
        };
        match (attribute.as_mut().and_then(Value::as_object_mut), key) {
            (Some(map), Some(key)) => {
                map.remove(key);
            }
            _ => *attribute = None,
        }
    }

    /// Resource of one of the three clouds, by its type in Terraform; `None` for what has no id of its own there.
    pub fn resource(&self, terraform_type: &str, account: Option<&str>) -> Option<RawEntry> {
        let (provider, _) = terraform_type.split_once('_')?;
        match provider {
            "aws" => self.aws(account),
            "google" => self.google(terraform_type).map(Ok),
            "azurerm" | "azapi" => self.azure(terraform_type).map(Ok),
            _ => None,
        }
    }

    fn aws(&self, account: Option<&str>) -> Option<RawEntry> {
        let arn =
            text(self.arn.as_ref()).or_else(|| text(self.id.as_ref()).filter(|id| id.starts_with("arn:")))?;
        Some(resource_of_arn(&arn, account, None).map(|mut raw| {
            self.add_tags(&mut raw);
            name_by_tag(&mut raw);
            raw.name = raw.name.take().or_else(|| text(self.name.as_ref()));
            raw
        }))
    }

    fn google(&self, terraform_type: &str) -> Option<RawResource> {
        let linked = text(self.self_link.as_ref()).and_then(|link| name_of_link(&link));
        let (name, asset) = match (linked, google_type(terraform_type)) {
            (Some(name), _) => {
                let asset = type_of_name(&name)?;
                (name, asset)
            }
            (None, Some((service, asset))) => {
                let id = text(self.id.as_ref()).filter(|id| id.starts_with("projects/"))?;
                (format!("//{service}.googleapis.com/{id}"), asset.to_owned())
            }
            (None, None) => return None,
        };
        let location = [self.location.as_ref(), self.zone.as_ref(), self.region.as_ref()];
        let mut raw = RawResource {
            cloud: Some("gcp".to_owned()),
            account_id: project(&name)
                .map(str::to_owned)
                .or_else(|| text(self.project.as_ref())),
            resource_type: Some(asset),
            name: Some(last_part(
                &text(self.name.as_ref()).unwrap_or_else(|| name.clone()),
            )),
            region: location
                .into_iter()
                .find_map(text)
                .map(|location| last_part(&location)),
            resource_id: Some(name),
            ..RawResource::default()
        };
        self.add_tags(&mut raw);
        Some(raw)
    }

    fn azure(&self, terraform_type: &str) -> Option<RawResource> {
        // An association has the id of one of its ends.
        let id = text(self.id.as_ref()).filter(|_| !terraform_type.ends_with("_association"))?;
        let account = subscription(&id)?;
        let mut raw = RawResource {
            cloud: Some("azure".to_owned()),
            account_id: Some(account),
            resource_type: Some(type_of_id(&id)?),
            name: Some(text(self.name.as_ref()).unwrap_or_else(|| last_part(&id))),
            region: text(self.location.as_ref()),
            resource_id: Some(id.to_ascii_lowercase()),
            ..RawResource::default()
        };
        self.add_tags(&mut raw);
        Some(raw)
    }

    fn add_tags(&self, raw: &mut RawResource) {
        let tags = [
            &self.tags_all,
            &self.effective_labels,
            &self.tags,
            &self.labels,
            &self.resource_labels,
            &self.user_labels,
        ];
        // The provider of Google has network tags in `tags`, as a list.
        if let Some(tags) = tags.into_iter().flatten().find(|tags| tags.is_object()) {
            raw.add_tag_values(tags);
        }
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
