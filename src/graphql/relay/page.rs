//! Arguments of Relay connections.

use crate::domain::keyset::{Keyset, PageLimits, Window};
use crate::graphql::error::{FieldResult, ResolverError};
use crate::graphql::relay::cursor;

/// Arguments of a connection, as given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageArgs {
    /// Maximum number of rows from the start.
    pub first: Option<i32>,
    /// Cursor after which rows are returned.
    pub after: Option<String>,
    /// Maximum number of rows from the end.
    pub last: Option<i32>,
    /// Cursor before which rows are returned.
    pub before: Option<String>,
}

impl PageArgs {
    /// Arguments in the order of the schema.
    pub const fn new(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Self {
        Self {
            first,
            after,
            last,
            before,
        }
    }

    /// Converts the arguments to the window of a list; refuses contradictory arguments, and more rows than allowed.
    pub fn window<O: Keyset>(&self, order: O, limits: PageLimits) -> FieldResult<Window> {
        let (size, name) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(ResolverError::bad_input("give first or last, not both")),
            (None, Some(last)) => (Some(last), "last"),
            (first, None) => (first, "first"),
        };
        let size = match size {
            None => limits.default,
            Some(size) => u64::try_from(size).map_err(|_| {
                ResolverError::bad_input(format!("{name} is {size}: it must not be negative"))
            })?,
        };
        if size > limits.max {
            let message = format!("{name} is {size}: at most {} rows come at once", limits.max);
            return Err(ResolverError::bad_input(message));
        }
        let key = |name: &str, text: &Option<String>| {
            let decode = |text| cursor::decode(text, order);
            let refuse = |why| ResolverError::bad_input(format!("{name} {why}"));
            text.as_deref().map(decode).transpose().map_err(refuse)
        };
        Ok(Window {
            size,
            backward: self.last.is_some(),
            after: key("after", &self.after)?,
            before: key("before", &self.before)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::PageArgs;
    use crate::domain::inventory::list::ResourceOrder;
    use crate::domain::keyset::{PageLimits, Window};
    use crate::graphql::relay::cursor;

    fn window(args: PageArgs) -> Result<Window, String> {
        let window = args.window(ResourceOrder::Id, PageLimits::default());
        window.map_err(|resolver_error| async_graphql::Error::from(resolver_error).message)
    }

    #[test]
    fn sizes_have_a_default_and_a_limit() {
        let sized = |first, last| {
            window(PageArgs {
                first,
                last,
                ..PageArgs::default()
            })
        };
        assert_eq!(sized(None, None).unwrap(), Window::first(50));
        assert_eq!(sized(Some(500), None).unwrap().size, 500);
        assert!(sized(None, Some(7)).unwrap().backward);
        assert_eq!(
            sized(Some(501), None).unwrap_err(),
            "first is 501: at most 500 rows come at once"
        );
        assert_eq!(
            sized(None, Some(-1)).unwrap_err(),
            "last is -1: it must not be negative"
        );
        assert_eq!(
            sized(Some(1), Some(1)).unwrap_err(),
            "give first or last, not both"
        );
    }

    #[test]
    fn cursors_of_another_order_are_refused() {
        let after = Some(cursor::encode("resources.newest", &[]));
        let refusal = window(PageArgs {
            after,
            ..PageArgs::default()
        })
        .unwrap_err();
        assert_eq!(
            refusal,
            "after is a cursor of another list or order; start again without it"
        );
    }
}
