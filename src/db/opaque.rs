//! Conditions hidden from the planner.
//!
//! The statistics of PostgreSQL are made of everybody's rows: by a plan, and so by the time of an answer, a caller
//! limited to accounts would learn how common a value is in accounts that it cannot see.

use sea_orm::sea_query::{Condition, Expr, ExprTrait};

/// The same condition, hidden from the planner: it expects nearly all rows to meet it, whatever it asks for, and has no
/// index for it.
pub fn opaque(condition: Condition) -> Condition {
    if condition.is_empty() {
        return condition;
    }
    Condition::all().add(holds(condition))
}

/// The truth value of the condition, never null, and hidden from the planner.
pub fn holds(condition: Condition) -> Expr {
    let held: Expr = Expr::case(condition, true).into();
    held.is_not_null()
}
