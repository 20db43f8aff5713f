//! Walks over lists page by page.

use virtual_tagging::db::keyset::{Keyset, Page, Window};

/// All that a walk by pages finds, in the list's order.
pub async fn walk<O: Keyset, F>(
    order: O,
    size: u64,
    backward: bool,
    mut page: impl FnMut(Window) -> F,
) -> Vec<O::Row>
where
    F: Future<Output = Page<O::Row>>,
{
    let mut window = Window {
        backward,
        ..Window::first(size)
    };
    let mut found = Vec::new();
    loop {
        let Page {
            mut rows,
            has_previous,
            has_next,
        } = page(window.clone()).await;
        let (more, edge) = if backward {
            (has_previous, rows.first())
        } else {
            (has_next, rows.last())
        };
        let bound = edge.filter(|_| more).map(|row| order.key(row));
        if backward {
            rows.reverse();
        }
        found.extend(rows);
        match (bound, backward) {
            (None, _) => break,
            (bound, true) => window.before = bound,
            (bound, false) => window.after = bound,
        }
    }
    if backward {
        found.reverse();
    }
    found
}

pub fn sorted<O: Keyset>(order: O, mut rows: Vec<O::Row>) -> Vec<O::Row> {
    rows.sort_by(|a, b| {
        let compared = order.key(a).partial_cmp(&order.key(b)).unwrap();
        if order.descending() {
            compared.reverse()
        } else {
            compared
        }
    });
    rows
}
