//! Macros for the two shapes that most types of the schema have: objects over a row, and enums that mirror the domain's.

use async_graphql::Json;
use chrono::{DateTime, Utc};

/// Conversion of a column to the value of its GraphQL field: text is borrowed, numbers and times are copied, enums are
/// mirrored (see [`db_enum!`]).
pub trait ReadColumn<'a, T> {
    /// The field's value.
    fn read(&'a self) -> T;
}

/// Declares types whose columns are copied into their fields.
macro_rules! copied_columns {
    ($($column:ty),*) => {
        $(
            impl ReadColumn<'_, $column> for $column {
                fn read(&self) -> $column {
                    *self
                }
            }

            impl ReadColumn<'_, Option<$column>> for Option<$column> {
                fn read(&self) -> Option<$column> {
                    *self
                }
            }
        )*
    };
}

copied_columns! { bool, i32, i64, f64, DateTime<Utc> }

impl<'a> ReadColumn<'a, &'a str> for String {
    fn read(&'a self) -> &'a str {
        self
    }
}

impl<'a> ReadColumn<'a, Option<&'a str>> for Option<String> {
    fn read(&'a self) -> Option<&'a str> {
        self.as_deref()
    }
}

impl<'a> ReadColumn<'a, Option<&'a [String]>> for Option<Vec<String>> {
    fn read(&'a self) -> Option<&'a [String]> {
        self.as_deref()
    }
}

impl<'a> ReadColumn<'a, Json<&'a serde_json::Value>> for serde_json::Value {
    fn read(&'a self) -> Json<&'a serde_json::Value> {
        Json(self)
    }
}

impl<'a> ReadColumn<'a, Option<Json<&'a serde_json::Value>>> for Option<serde_json::Value> {
    fn read(&'a self) -> Option<Json<&'a serde_json::Value>> {
        self.as_ref().map(Json)
    }
}

/// Declares a GraphQL object over a row: columns that are shown as they are, then fields with a resolver of their own.
/// The name in the schema stands in parentheses, since names of Rust types are unique.
///
/// `pub struct` declares a shared row with its conversions; `impl` adds the object to a type that is `AsRef` of the row.
macro_rules! row_object {
    (
        $(#[$doc:meta])*
        pub struct $name:ident($graphql:tt) of $row:ty { $($columns:tt)* }
        $($fields:tt)*
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(std::sync::Arc<$row>);

        impl From<std::sync::Arc<$row>> for $name {
            fn from(row: std::sync::Arc<$row>) -> Self {
                Self(row)
            }
        }

        impl From<$row> for $name {
            fn from(row: $row) -> Self {
                Self(std::sync::Arc::new(row))
            }
        }

        impl AsRef<$row> for $name {
            fn as_ref(&self) -> &$row {
                &self.0
            }
        }

        $crate::graphql::types::row::row_object! {
            $(#[$doc])*
            impl $name($graphql) of $row { $($columns)* }
            $($fields)*
        }
    };
    (
        $(#[$doc:meta])*
        impl $name:ident($graphql:tt) of $row:ty { $($(#[$about:meta])* $column:ident: $type:ty,)* }
        $($fields:tt)*
    ) => {
        $(#[$doc])*
        #[async_graphql::Object(name = $graphql)]
        impl $name {
            $(
                $(#[$about])*
                async fn $column(&self) -> $type {
                    let row: &$row = self.as_ref();
                    $crate::graphql::types::row::ReadColumn::read(&row.$column)
                }
            )*

            $($fields)*
        }
    };
}

/// Declares a GraphQL enum with the values of an enum of the domain, and the conversions in both directions. The
/// compiler refuses a list of values that differs.
macro_rules! db_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident($graphql:tt) mirrors $domain:ty { $($(#[$about:meta])* $value:ident,)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
        #[graphql(name = $graphql)]
        pub enum $name {
            $($(#[$about])* $value,)*
        }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value {
                    $(<$domain>::$value => Self::$value,)*
                }
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$value => Self::$value,)*
                }
            }
        }

        impl $crate::graphql::types::row::ReadColumn<'_, $name> for $domain {
            fn read(&self) -> $name {
                (*self).into()
            }
        }

        impl $crate::graphql::types::row::ReadColumn<'_, Option<$name>> for Option<$domain> {
            fn read(&self) -> Option<$name> {
                self.map(Into::into)
            }
        }
    };
}

pub(in crate::graphql) use {db_enum, row_object};
