//! Ids of Azure: the subscription and the type that they name, and the resource that they are of.

use super::cloud_format::{RawEntry, text, text_at};
use crate::domain::discovery::Rejection;
use crate::domain::discovery::raw_resource::RawResource;
use serde_json::{Map, Value};

/// Subscription of `/subscriptions/ID/...`, in lower case.
pub(super) fn subscription(id: &str) -> Option<String> {
    let mut segments = id.strip_prefix('/')?.split('/');
    let is_subscription = segments.next()?.eq_ignore_ascii_case("subscriptions");
    let id = segments.next().filter(|id| !id.is_empty())?;
    is_subscription.then(|| id.to_ascii_lowercase())
}

/// Type that an id names, as it spells it: the last provider with the names of the lists behind it.
pub(super) fn type_of_id(id: &str) -> Option<String> {
    let segments: Vec<&str> = id.trim_matches('/').split('/').collect();
    let provider = segments
        .iter()
        .rposition(|segment| segment.eq_ignore_ascii_case("providers"));
    let Some(provider) = provider else {
        return match segments.len() {
            2 => Some("Microsoft.Resources/subscriptions".to_owned()),
            4 => Some("Microsoft.Resources/resourceGroups".to_owned()),
            _ => None,
        };
    };
    let namespace = segments.get(provider + 1)?;
    let kinds: Vec<&str> = segments.iter().skip(provider + 2).step_by(2).copied().collect();
    (!kinds.is_empty()).then(|| format!("{namespace}/{}", kinds.join("/")))
}

/// Resource of Azure Resource Manager or of Resource Graph, which spell ids and types in different cases.
pub(super) fn azure_resource(map: &Map<String, Value>) -> RawEntry {
    let Some(id) = text(map, "id") else {
        return Err(Rejection::new("has no id"));
    };
    let Some(account) = subscription(&id) else {
        return Err(Rejection::of(
            "resource_id",
            &id,
            "is no id of a subscription's resource",
        ));
    };
    let named = type_of_id(&id);
    let stated = text(map, "type");
    if stated
        .as_deref()
        .is_some_and(|stated| stated.eq_ignore_ascii_case("Microsoft.Resources/tags"))
    {
        return Err(Rejection::of(
            "resource_id",
            &id,
            "is the set of tags of a resource, not a resource",
        ));
    }
    let resource_type = match (stated, named) {
        (Some(stated), Some(named)) if stated.eq_ignore_ascii_case(&named) => Some(named),
        (stated, named) => stated.or(named),
    };
    let mut raw = RawResource {
        cloud: Some("azure".to_owned()),
        account_id: Some(account),
        resource_type,
        resource_id: Some(id.to_ascii_lowercase()),
        name: text(map, "name"),
        region: text(map, "location"),
        created_at: text(map, "createdTime").or_else(|| text_at(map, &["properties", "timeCreated"])),
        ..RawResource::default()
    };
    raw.name = raw.name.or_else(|| id.rsplit('/').next().map(str::to_owned));
    if let Some(tags) = map.get("tags") {
        raw.add_tag_values(tags);
    }
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::{subscription, type_of_id};

    #[test]
    fn ids_name_subscription_and_type() {
        let vm = "/subscriptions/AB-1/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/vm";
        assert_eq!(subscription(vm).unwrap(), "ab-1");
        assert_eq!(type_of_id(vm).unwrap(), "Microsoft.Compute/virtualMachines");
        let child = format!("{vm}/extensions/e");
        assert_eq!(
            type_of_id(&child).unwrap(),
            "Microsoft.Compute/virtualMachines/extensions"
        );
        let group = "/subscriptions/s/resourceGroups/rg";
        assert_eq!(type_of_id(group).unwrap(), "Microsoft.Resources/resourceGroups");
        assert_eq!(
            subscription("/providers/Microsoft.Management/managementGroups/m"),
            None
        );
    }
}
