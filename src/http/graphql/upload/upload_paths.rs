//! Paths in the variables of an operation that files may be the values of.

use crate::gateway::schema_index::types;
use async_graphql::parser::types::{BaseType, OperationDefinition, Type, TypeKind};

/// Scalar that stands for a file.
const UPLOAD: &str = "Upload";

/// Path, from a variable's name on, leads to a file by the declared types.
pub fn is_upload(operation: &OperationDefinition, path: &[&str]) -> bool {
    let Some((name, steps)) = path.split_first() else {
        return false;
    };
    let mut definitions = operation.variable_definitions.iter().map(|each| &each.node);
    let Some(definition) = definitions.find(|each| each.name.node == *name) else {
        return false;
    };
    let found = steps
        .iter()
        .try_fold(&definition.var_type.node, |within, step| step_into(within, step));
    found.is_some_and(|found| matches!(&found.base, BaseType::Named(name) if name == UPLOAD))
}

/// The type of an item of a list, or of a field of an input object.
fn step_into<'a>(within: &'a Type, step: &str) -> Option<&'a Type> {
    match &within.base {
        BaseType::List(item) => step.parse::<usize>().ok().map(|_| &**item),
        BaseType::Named(name) => {
            let TypeKind::InputObject(object) = &types().get(name.as_str())?.kind else {
                return None;
            };
            let mut fields = object.fields.iter().map(|field| &field.node);
            fields
                .find(|field| field.name.node == step)
                .map(|field| &field.ty.node)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    #[test]
    fn files_stand_where_the_types_say_so() {
        let text = "mutation($file: Upload!, $files: [Upload!]!, $input: ImportInventoryInput!, $name: String) { x }";
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        for (path, expected) in [
            ("file", true),
            ("files.0", true),
            ("input.file", true),
            ("name", false),
            ("files", false),
            ("files.x", false),
            ("input", false),
            ("input.mode", false),
            ("input.nothing", false),
            ("file.0", false),
            ("other", false),
        ] {
            let path: Vec<_> = path.split('.').collect();
            assert_eq!(is_upload(&operation.node, &path), expected, "{path:?}");
        }
    }
}
