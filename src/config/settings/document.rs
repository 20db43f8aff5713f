//! `docs/configuration.md`, made from the table of settings.

use super::groups;
use super::kind::SettingRow;

const INTRODUCTION: &str = "\
# Configuration

For operators. `virtual-tagging settings` prints this page.

Environment variables, a `.env` file in the working directory, and flags (`virtual-tagging --help`); flags win over the
environment, the environment over `.env`. An empty value counts as unset. A wrong value is refused at the start with
what is allowed. Any variable may be given as a file in its place: `JWT_SECRET_FILE=/run/secrets/jwt_secret`.
";

const TOKENS: &str = "
## Tokens

Tokens carry `sub`, `role` (`viewer` reads; `approver` decides, too; `admin` does everything), `exp`, and, if limited,
`accounts`: other accounts' resources, tags, events, counts and audit rows do not exist for such a caller. Without
`accounts` they all do. `JWT_SECRET=... virtual-tagging token --sub ada --role approver --accounts 111122223333 --ttl 8h`
prints one. Tokens are read strictly: one algorithm, that of the key; 8 KiB at most; no claim of
these twice, nor `iss`, `aud`, `nbf` or `iat`.
";

/// Describes all settings, for operators, as Markdown.
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    for (title, rows) in groups() {
        text += &format!(
            "\n## {title}\n\n| variable | default | values | meaning |\n| --- | --- | --- | --- |\n"
        );
        for row in &rows {
            text += &line(row);
        }
    }
    text + TOKENS
}

fn line(row: &SettingRow) -> String {
    let SettingRow {
        name,
        default,
        allowed,
        description,
    } = row;
    let default = if default.contains('*') {
        format!("`{default}`")
    } else {
        default.clone()
    };
    let allowed = allowed.replace("a number from ", "");
    format!("| `{name}` | {default} | {allowed} | {description} |\n")
}
