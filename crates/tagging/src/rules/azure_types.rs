//! Types of Azure in conditions. They have no case, and resources have them in lower case.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

/// Makes types of Azure lower-case where a condition compares the type of the resource with them.
pub(super) fn lower_types(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Call(call) => {
            if compares_type(call) {
                call.target
                    .as_deref_mut()
                    .into_iter()
                    .chain(&mut call.args)
                    .for_each(lower_literals);
            }
            call.target
                .as_deref_mut()
                .into_iter()
                .chain(&mut call.args)
                .for_each(lower_types);
        }
        Expr::Comprehension(comprehension) => lower_types(&mut comprehension.loop_step),
        _ => {}
    }
}

fn compares_type(call: &CallExpr) -> bool {
    let compares = matches!(
        call.func_name.as_str(),
        operators::EQUALS | operators::NOT_EQUALS | operators::IN | "startsWith" | "endsWith" | "contains"
    );
    let mut operands = call.target.as_deref().into_iter().chain(&call.args);
    compares && operands.any(is_type)
}

fn is_type(expression: &IdedExpr) -> bool {
    let Expr::Select(select) = &expression.expr else {
        return false;
    };
    select.field == "resource_type" && matches!(&select.operand.expr, Expr::Ident(name) if name == "resource")
}

fn lower_literals(expression: &mut IdedExpr) {
    const PREFIX: &str = "microsoft.";
    match &mut expression.expr {
        Expr::Literal(LiteralValue::String(text)) => {
            let start = text.inner().get(..PREFIX.len());
            if start.is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
                *text = text.inner().to_ascii_lowercase().into();
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(lower_literals),
        _ => {}
    }
}
