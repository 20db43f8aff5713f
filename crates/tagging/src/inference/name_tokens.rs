//! Tokens of names in lower case, in a buffer that is used again.

/// Tokens that are looked at; further ones are ignored.
const MAX_TOKENS: usize = 8;

/// Tokens of one name: runs of letters and digits, cut where an upper-case letter follows a lower-case one or a digit.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameTokens {
    text: String,
    ends: Vec<usize>,
}

impl NameTokens {
    /// Holds the tokens of `name` from now on, those that machines made only if `generated`.
    pub(crate) fn read(&mut self, name: &str, generated: bool) {
        self.text.clear();
        self.ends.clear();
        let mut previous = ' ';
        for c in name.chars() {
            let border = c.is_uppercase() && (previous.is_lowercase() || previous.is_numeric());
            if (border || !c.is_alphanumeric()) && !self.close(generated) {
                return;
            }
            if c.is_ascii_alphanumeric() {
                self.text.push(c.to_ascii_lowercase());
            } else if c.is_alphanumeric() {
                self.text.extend(c.to_lowercase());
            }
            previous = c;
        }
        self.close(generated);
    }

    /// Ends the token that is being read; false when there are enough.
    fn close(&mut self, generated: bool) -> bool {
        let start = self.ends.last().copied().unwrap_or_default();
        let token = &self.text[start..];
        if !generated && is_generated(token) {
            self.text.truncate(start);
        } else if !token.is_empty() {
            self.ends.push(self.text.len());
        }
        self.ends.len() < MAX_TOKENS
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }
}

/// True for a token that a machine made: a hexadecimal number of eight digits or more, a number of three or more.
fn is_generated(token: &str) -> bool {
    let digits = token.len() >= 3 && token.bytes().all(|byte| byte.is_ascii_digit());
    digits || token.len() >= 8 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(name: &str) -> Vec<String> {
        let mut tokens = NameTokens::default();
        tokens.read("something-else", false);
        tokens.read(name, false);
        tokens.iter().map(str::to_owned).collect()
    }

    #[test]
    fn splits_and_leaves_out_what_machines_made() {
        assert_eq!(tokens("Pay-Prod_db.01"), ["pay", "prod", "db", "01"]);
        assert_eq!(tokens("payrollProdDb2x"), ["payroll", "prod", "db2x"]);
        assert_eq!(tokens("web-0123456789abcdef-20260101"), ["web"]);
        assert_eq!(tokens("--"), Vec::<String>::new());
        assert_eq!(tokens("Größe-X"), ["größe", "x"]);
        assert_eq!(tokens("a-b-c-d-e-f-g-h-i-j").len(), MAX_TOKENS);
    }
}
