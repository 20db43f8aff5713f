//! Macros for the two shapes that most types of the schema have: objects over a row, and enums that mirror the domain's.

use async_graphql::{InputType, Json, Value};
use chrono::{DateTime, Utc};

/// Conversion of a column to the value of its GraphQL field: text is borrowed, numbers and times are copied, enums are
/// mirrored (see [`db_enum!`]).
pub trait ReadColumn<'a, T> {
    /// The field's value.
    fn read(&'a self) -> T;
}

/// Value of a field as it stands in the response, the same that the field's type resolves to.
pub trait ResponseValue {
    /// The value.
    fn response_value(&self) -> Value;
}

impl ResponseValue for &str {
    fn response_value(&self) -> Value {
        Value::String((*self).to_owned())
    }
}

impl ResponseValue for &[String] {
    fn response_value(&self) -> Value {
        Value::List(self.iter().cloned().map(Value::String).collect())
    }
}

impl ResponseValue for Json<&serde_json::Value> {
    fn response_value(&self) -> Value {
        async_graphql::to_value(self.0).unwrap_or_default()
    }
}

impl<T: ResponseValue> ResponseValue for Option<T> {
    fn response_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ResponseValue::response_value)
    }
}

/// True if a field has the name of a column: `tagKey` that of `tag_key`.
pub fn is_column(field: &str, column: &str) -> bool {
    let mut letters = field.bytes();
    let mut is_upper = false;
    for byte in column.bytes() {
        if byte == b'_' {
            is_upper = true;
            continue;
        }
        let expected = if is_upper { byte.to_ascii_uppercase() } else { byte };
        is_upper = false;
        if letters.next() != Some(expected) {
            return false;
        }
    }
    letters.next().is_none()
}

/// Declares types whose columns are copied into their fields.
macro_rules! copied_columns {
    ($($column:ty),*) => {
        $(
            impl ResponseValue for $column {
                fn response_value(&self) -> Value {
                    InputType::to_value(self)
                }
            }

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
/// The name in the schema stands in parentheses, since names of Rust types are unique; with it the kind of the object's
/// global id, where that is made of the row's `id`.
///
/// `pub struct` declares a shared row with its conversions; `impl` adds the object to a type that is `AsRef` of the row.
macro_rules! row_object {
    (
        $(#[$doc:meta])*
        pub struct $name:ident($graphql:tt $(, $kind:ty)?) of $row:ty { $($columns:tt)* }
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
            impl $name($graphql $(, $kind)?) of $row { $($columns)* }
            $($fields)*
        }
    };
    (
        $(#[$doc:meta])*
        impl $name:ident($graphql:tt $(, $kind:ty)?) of $row:ty { $($(#[$about:meta])* $column:ident: $type:ty,)* }
        $($fields:tt)*
    ) => {
        impl $crate::graphql::relay::row_fields::RowFields for $name {
            fn field(&self, name: &str) -> Option<async_graphql::Value> {
                use $crate::graphql::types::row::{ReadColumn, ResponseValue, is_column};

                let row: &$row = self.as_ref();
                $(
                    if name == "id" {
                        let id = $crate::graphql::scalars::id::Id::<$kind>(row.id);
                        return Some(async_graphql::Value::String(id.encode()));
                    }
                )?
                $(
                    if is_column(name, stringify!($column)) {
                        let value: $type = ReadColumn::read(&row.$column);
                        return Some(value.response_value());
                    }
                )*
                None
            }
        }

        $(#[$doc])*
        #[async_graphql::Object(name = $graphql)]
        impl $name {
            $(
                /// Global id.
                pub async fn id(&self) -> $crate::graphql::scalars::id::Id<$kind> {
                    let row: &$row = self.as_ref();
                    $crate::graphql::scalars::id::Id(row.id)
                }
            )?

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

        impl $crate::graphql::types::row::ResponseValue for $name {
            fn response_value(&self) -> async_graphql::Value {
                async_graphql::resolver_utils::enum_value(*self)
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

#[cfg(test)]
mod tests;

pub(in crate::graphql) use {db_enum, row_object};
