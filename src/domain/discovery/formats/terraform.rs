//! Terraform: `terraform show -json`, and states of version 4.

use super::cloud_format::{CloudFormat, RawEntry};
use super::file_format::FileFormat;
use super::json_walker::PathRole;
use super::terraform_attributes::TerraformAttributes;
use crate::domain::discovery::Rejection;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Types that a gap names.
const NAMED_TYPES: usize = 10;

pub(super) struct Terraform {
    /// True for a raw state, false for the output of `terraform show -json`.
    is_state: bool,
    account: Option<String>,
    /// Number of resources that are no resources of a cloud, by type.
    left_out: BTreeMap<String, u64>,
    data_sources: u64,
    sensitive_tags: u64,
}

/// Resource as `terraform show -json` writes it.
#[derive(Deserialize)]
struct ShownResource {
    mode: Option<String>,
    r#type: String,
    #[serde(default)]
    values: Option<TerraformAttributes>,
    #[serde(default)]
    sensitive_values: Value,
}

/// Resource with its instances, as a state has it.
#[derive(Deserialize)]
struct StateResource {
    mode: Option<String>,
    r#type: String,
    #[serde(default)]
    instances: Vec<StateInstance>,
}

#[derive(Deserialize)]
struct StateInstance {
    attributes: Option<TerraformAttributes>,
    #[serde(default)]
    sensitive_attributes: Value,
}

impl Terraform {
    /// Reader of a raw state.
    pub fn state(account: Option<String>) -> Self {
        Self {
            is_state: true,
            account,
            left_out: BTreeMap::new(),
            data_sources: 0,
            sensitive_tags: 0,
        }
    }

    /// Reader of the output of `terraform show -json`.
    pub fn shown(account: Option<String>) -> Self {
        Self {
            is_state: false,
            ..Self::state(account)
        }
    }

    fn add(
        &mut self,
        terraform_type: &str,
        attributes: Option<TerraformAttributes>,
        entries: &mut Vec<RawEntry>,
    ) {
        let account = self.account.as_deref();
        match attributes.and_then(|attributes| attributes.resource(terraform_type, account)) {
            Some(entry) => entries.push(entry),
            None => *self.left_out.entry(terraform_type.to_owned()).or_default() += 1,
        }
    }

    fn is_managed(&mut self, mode: Option<&str>) -> bool {
        let is_managed = mode == Some("managed");
        self.data_sources += u64::from(!is_managed);
        is_managed
    }

    /// Drops sensitive attributes of `terraform show -json`: `true`, or an object with the keys that are.
    fn forget_shown(&mut self, attributes: &mut TerraformAttributes, sensitive: &Value) {
        for (name, marks) in sensitive.as_object().into_iter().flatten() {
            match marks {
                Value::Bool(true) => self.forget(attributes, name, None),
                Value::Object(keys) => {
                    for (key, _) in keys.iter().filter(|(_, mark)| **mark != Value::Bool(false)) {
                        self.forget(attributes, name, Some(key));
                    }
                }
                _ => {}
            }
        }
    }

    /// Drops sensitive attributes of a state: a list of paths, each a list of steps.
    fn forget_marked(&mut self, attributes: &mut TerraformAttributes, sensitive: &Value) {
        for path in sensitive.as_array().into_iter().flatten() {
            let step = |index: usize| path.get(index).and_then(|step| step.get("value"));
            let Some(name) = step(0).and_then(Value::as_str) else {
                continue;
            };
            let key = step(1).map(|key| key.get("value").unwrap_or(key));
            self.forget(attributes, name, key.and_then(Value::as_str));
        }
    }

    fn forget(&mut self, attributes: &mut TerraformAttributes, name: &str, key: Option<&str>) {
        attributes.forget(name, key);
        self.sensitive_tags += u64::from(name.contains("tags") || name.contains("labels"));
    }
}

impl CloudFormat for Terraform {
    fn format(&self) -> FileFormat {
        if self.is_state {
            FileFormat::TerraformState
        } else {
            FileFormat::TerraformShow
        }
    }

    fn role(&self, path: &str) -> PathRole {
        if self.is_state {
            return match path {
                "" => PathRole::Inside,
                "resources" => PathRole::Entries,
                _ => PathRole::Skipped,
            };
        }
        match path {
            "" | "values" => return PathRole::Inside,
            _ => {}
        }
        let Some(below) = path.strip_prefix("values.root_module") else {
            return PathRole::Skipped;
        };
        let mut rest = below;
        while let Some(inner) = rest.strip_prefix(".child_modules") {
            rest = inner;
        }
        match rest {
            "" => PathRole::Inside,
            ".resources" => PathRole::Entries,
            _ => PathRole::Skipped,
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        // The error of the parser may have a piece of the state.
        let faulty = || Err(Rejection::new("is no resource of a Terraform state"));
        if self.is_state {
            let Ok(resource) = serde_json::from_slice::<StateResource>(json) else {
                return entries.push(faulty());
            };
            if self.is_managed(resource.mode.as_deref()) {
                for mut instance in resource.instances {
                    if let Some(attributes) = &mut instance.attributes {
                        self.forget_marked(attributes, &instance.sensitive_attributes);
                    }
                    self.add(&resource.r#type, instance.attributes, entries);
                }
            }
        } else {
            let Ok(mut resource) = serde_json::from_slice::<ShownResource>(json) else {
                return entries.push(faulty());
            };
            if self.is_managed(resource.mode.as_deref()) {
                if let Some(attributes) = &mut resource.values {
                    self.forget_shown(attributes, &resource.sensitive_values);
                }
                self.add(&resource.r#type, resource.values, entries);
            }
        }
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = vec!["a Terraform state has only what Terraform manages".to_owned()];
        if !self.left_out.is_empty() {
            let count: u64 = self.left_out.values().sum();
            let types: Vec<&str> = self
                .left_out
                .keys()
                .take(NAMED_TYPES)
                .map(String::as_str)
                .collect();
            let more = if self.left_out.len() > NAMED_TYPES {
                " and others"
            } else {
                ""
            };
            gaps.push(format!(
                "{count} entries are no resources of a cloud by themselves: {}{more}",
                types.join(", ")
            ));
        }
        if self.data_sources > 0 {
            gaps.push(format!("{} data sources are not taken", self.data_sources));
        }
        if self.sensitive_tags > 0 {
            gaps.push(format!("{} sensitive tags are not taken", self.sensitive_tags));
        }
        gaps
    }
}
