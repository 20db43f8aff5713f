//! Payloads of mutations that return one object, or the errors of the caller.

/// Declares the payload of a mutation that returns one object.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$about:meta])* $field:ident: $object:ty, from $row:ty })*) => {
        $(
            $(#[$doc])*
            #[derive(async_graphql::SimpleObject)]
            pub struct $name {
                $(#[$about])*
                $field: Option<$object>,
                /// Errors of the caller; empty on success.
                user_errors: Vec<$crate::graphql::types::user_error::UserError>,
            }

            impl $name {
                /// Converts the result of a verb; refusals and faults are GraphQL errors.
                fn of(answer: $crate::error::Result<$row>) -> $crate::graphql::error::FieldResult<Self> {
                    let (row, user_errors) = $crate::graphql::types::user_error::split_user_errors(answer)?;
                    Ok(Self { $field: row.map(Into::into), user_errors })
                }
            }
        )*
    };
}

pub(super) use payloads;
