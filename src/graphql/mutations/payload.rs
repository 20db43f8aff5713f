//! Payloads of mutations: what the verb returns, or the errors of the caller.

/// Declares the payload of a mutation with its fields and their values, of what the verb returns. On errors of the caller
/// they have their defaults: null, or an empty list.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident of $returned:ident: $type:ty {
        $($(#[$about:meta])* $field:ident: $kind:ty = $value:expr,)+
    }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $($(#[$about])* $field: $kind,)+
            /// Errors of the caller; empty on success.
            user_errors: Vec<$crate::graphql::types::user_error::UserError>,
        }

        impl $name {
            /// Converts the result of a verb; refusals and faults are GraphQL errors.
            fn of(answer: $crate::error::Result<$type>) -> $crate::graphql::error::FieldResult<Self> {
                let (returned, user_errors) = $crate::graphql::types::user_error::split_user_errors(answer)?;
                Ok(match returned {
                    Some($returned) => Self { $($field: $value,)+ user_errors },
                    None => Self { $($field: <$kind>::default(),)+ user_errors },
                })
            }
        }
    };
}

/// Declares the payloads of mutations that return one object.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$about:meta])* $field:ident: $object:ty, from $row:ty })*) => {
        $(
            $crate::graphql::mutations::payload::payload! {
                $(#[$doc])*
                $name of row: $row {
                    $(#[$about])*
                    $field: Option<$object> = Some(row.into()),
                }
            }
        )*
    };
}

pub(super) use {payload, payloads};
