//! Types of resources for which a key is not asked.

/// Type in one spelling: `AWS::IAM::Policy`, `iam/policy` and `IAM/Policy` are the same.
pub(crate) fn folded_type(resource_type: &str) -> String {
    let lower = resource_type.to_ascii_lowercase().replace("::", "/");
    match lower.strip_prefix("aws/") {
        Some(rest) => rest.to_owned(),
        None => lower,
    }
}

/// Patterns of types; one ends with `*` or names a whole type.
#[derive(Default)]
pub(super) struct TypePatterns {
    pub whole: Vec<String>,
    pub beginnings: Vec<String>,
}

impl TypePatterns {
    pub fn new(patterns: &[String]) -> Self {
        let mut made = Self::default();
        for pattern in patterns {
            let folded = folded_type(pattern);
            match folded.strip_suffix('*') {
                Some(beginning) => made.beginnings.push(beginning.to_owned()),
                None => made.whole.push(folded),
            }
        }
        made
    }

    pub fn holds(&self, resource_type: &str) -> bool {
        if self.whole.is_empty() && self.beginnings.is_empty() {
            return false;
        }
        let folded = folded_type(resource_type);
        self.whole.contains(&folded) || self.beginnings.iter().any(|start| folded.starts_with(start))
    }
}
