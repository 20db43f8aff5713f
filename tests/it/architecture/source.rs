//! Source files of the workspace as modules: what each declares, imports and mentions, without test code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// Reference by a path, as it is written: `super::page::Page`.
pub struct Mention {
    pub segments: Vec<String>,
    pub line: usize,
}

/// Import of one name; a grouped `use` makes several.
pub struct Import {
    /// Name that the import binds.
    pub name: String,
    pub mention: Mention,
    /// Re-export: `pub use`, `pub(crate) use`.
    pub public: bool,
}

/// Declaration of a struct, an enum, a trait, a union or a type alias.
pub struct TypeName {
    pub name: String,
    pub line: usize,
}

#[derive(Default)]
pub struct Module {
    /// Index of its file in [`Workspace::files`].
    pub file: usize,
    /// Crate and modules that lead here: `virtual_tagging`, `db`, `sql`.
    pub path: Vec<String>,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    pub imports: Vec<Import>,
    pub globs: Vec<Mention>,
    pub items: BTreeSet<String>,
    /// Paths in code, and in macros.
    pub mentions: Vec<Mention>,
    /// Single names in code, each with its first line.
    pub names: BTreeMap<String, usize>,
}

/// Target of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    Module(usize),
    /// Item that is defined in the file.
    Item(usize),
}

/// All crates of the project, test code cut out.
#[derive(Default)]
pub struct Workspace {
    /// Files, relative to the project's directory.
    pub files: Vec<String>,
    pub modules: Vec<Module>,
    pub types: Vec<(usize, TypeName)>,
    /// Root modules by the crate's name.
    pub crates: BTreeMap<String, usize>,
}

/// The workspace as it is now, read once.
pub fn workspace() -> &'static Workspace {
    static WORKSPACE: LazyLock<Workspace> = LazyLock::new(Workspace::load);
    &WORKSPACE
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a directory with one of the extensions, in the order of their names; nothing if it does not exist.
pub fn files_below(directory: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            found.extend(files_below(&path, extensions));
        } else if path
            .extension()
            .is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
        {
            found.push(path);
        }
    }
    found
}

pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// Tokens of a file; comments are not among them.
pub fn tokens(path: &Path) -> TokenStream {
    let text = fs::read_to_string(path).unwrap();
    text.parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Workspace {
    /// The service's crate and those below `crates`, each from its root.
    fn load() -> Self {
        let mut workspace = Self::default();
        workspace.add_crate("virtual_tagging", &root().join("src/lib.rs"));
        workspace.add_crate("main", &root().join("src/main.rs"));
        for manifest in files_below(&root().join("crates"), &["toml"]) {
            if manifest.ends_with("Cargo.toml") {
                let text = fs::read_to_string(&manifest).unwrap();
                let name = text
                    .lines()
                    .find_map(|line| line.strip_prefix("name = \""))
                    .and_then(|rest| rest.split('"').next())
                    .expect("a crate has a name")
                    .replace('-', "_");
                workspace.add_crate(&name, &manifest.with_file_name("src/lib.rs"));
            }
        }
        workspace
    }

    fn add_crate(&mut self, name: &str, file: &Path) {
        let module = self.add_file(file, vec![name.to_owned()], None);
        self.crates.insert(name.to_owned(), module);
    }

    fn add_file(&mut self, file: &Path, path: Vec<String>, parent: Option<usize>) -> usize {
        self.files.push(relative(file));
        let module = self.add_module(self.files.len() - 1, path, parent);
        Reader {
            workspace: self,
            file,
        }
        .read(tokens(file), module, Scope::Module);
        module
    }

    fn add_module(&mut self, file: usize, path: Vec<String>, parent: Option<usize>) -> usize {
        self.modules.push(Module {
            file,
            path,
            parent,
            ..Module::default()
        });
        self.modules.len() - 1
    }

    /// Path from the crate's root, for one that begins with `crate`, `self`, `super` or a crate of the workspace.
    pub fn absolute(&self, module: usize, segments: &[String]) -> Option<Vec<String>> {
        let mut at = &self.modules[module];
        let mut rest = segments;
        let mut absolute = match segments[0].as_str() {
            "crate" => vec![at.path[0].clone()],
            "self" | "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    at = &self.modules[at.parent?];
                    rest = &rest[1..];
                }
                let mut path = at.path.clone();
                path.extend(rest.iter().filter(|segment| *segment != "self").cloned());
                return Some(path);
            }
            name if self.crates.contains_key(name) && !at.children.contains_key(name) => {
                vec![name.to_owned()]
            }
            _ => return None,
        };
        absolute.extend(segments[1..].iter().cloned());
        Some(absolute)
    }

    /// Target of a path in a module, through re-exports; nothing for other crates' items and for local names.
    pub fn resolve(&self, module: usize, segments: &[String]) -> Option<Target> {
        self.resolve_within(module, segments, 20)
    }

    fn resolve_within(&self, module: usize, segments: &[String], depth: usize) -> Option<Target> {
        let depth = depth.checked_sub(1)?;
        if let Some(absolute) = self.absolute(module, segments) {
            let from = self.crates[&absolute[0]];
            let file = |at: usize| Target::Item(self.modules[at].file);
            return Some(self.walk(from, &absolute[1..], depth).unwrap_or_else(file));
        }
        self.walk(module, segments, depth).ok()
    }

    /// Follows a path down from a module; the error is the last module that was reached.
    fn walk(&self, from: usize, segments: &[String], depth: usize) -> Result<Target, usize> {
        let module = &self.modules[from];
        let Some(first) = segments.first() else {
            return Ok(Target::Module(from));
        };
        if let Some(child) = module.children.get(first) {
            return self.walk(*child, &segments[1..], depth);
        }
        let import = module.imports.iter().find(|import| import.name == *first);
        if let Some(import) = import
            && import.mention.segments != *segments
            && let Some(target) = self.resolve_within(from, &import.mention.segments, depth)
        {
            return match target {
                Target::Module(next) => self.walk(next, &segments[1..], depth),
                item @ Target::Item(_) => Ok(item),
            };
        }
        if module.items.contains(first) {
            return Ok(Target::Item(module.file));
        }
        for glob in &module.globs {
            if let Some(Target::Module(next)) = self.resolve_within(from, &glob.segments, depth)
                && next != from
                && let Some(depth) = depth.checked_sub(1)
                && let Ok(target) = self.walk(next, segments, depth)
            {
                return Ok(target);
            }
        }
        Err(from)
    }
}

/// Position of tokens: the members of a module, of an `impl` or a trait, or anything else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Module,
    Associated,
    Body,
}

/// Attributes of the item that follows them.
#[derive(Default)]
struct Attributes {
    test: bool,
    path: Option<String>,
}

struct Reader<'a> {
    workspace: &'a mut Workspace,
    file: &'a Path,
}

const ITEMS: &[&str] = &[
    "fn",
    "impl",
    "trait",
    "struct",
    "enum",
    "union",
    "type",
    "const",
    "static",
    "mod",
    "macro_rules",
];

impl Reader<'_> {
    fn read(&mut self, stream: TokenStream, module: usize, scope: Scope) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut attributes = Attributes::default();
        let mut item: Option<String> = None;
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    if let Some(TokenTree::Group(group)) = tokens.get(at + 1) {
                        note_attribute(group, &mut attributes);
                    }
                    at += 1;
                }
                TokenTree::Punct(mark) => {
                    if mark.as_char() == ';' || mark.as_char() == ',' && attributes.test {
                        item = None;
                        attributes = Attributes::default();
                    }
                    at += 1;
                }
                TokenTree::Group(group) => {
                    let body = group.delimiter() == Delimiter::Brace;
                    if !attributes.test {
                        let associated = matches!(item.as_deref(), Some("impl" | "trait")) && body;
                        let scope = if associated {
                            Scope::Associated
                        } else {
                            Scope::Body
                        };
                        self.read(group.stream(), module, scope);
                    }
                    // An attribute's own brackets are no end of what it belongs to.
                    if body {
                        item = None;
                        attributes = Attributes::default();
                    }
                    at += 1;
                }
                _ if attributes.test => at += 1,
                TokenTree::Ident(ident) if ident == "use" => {
                    at = self.read_use(&tokens, at, module);
                    attributes = Attributes::default();
                }
                TokenTree::Ident(ident) if ident == "mod" && scope == Scope::Module => {
                    at = self.read_module(&tokens, at, module, &attributes);
                    attributes = Attributes::default();
                }
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    if item.is_none() && ITEMS.contains(&word.as_str()) {
                        self.note_item(&word, &tokens[at + 1..], module, scope);
                        item = Some(word.clone());
                    }
                    at = self.read_path(&tokens, at, module);
                }
                TokenTree::Literal(_) => at += 1,
            }
        }
    }

    fn note_item(&mut self, keyword: &str, rest: &[TokenTree], module: usize, scope: Scope) {
        let name = match rest {
            // `macro_rules! name`
            [TokenTree::Punct(mark), TokenTree::Ident(name), ..] if mark.as_char() == '!' => name,
            [TokenTree::Ident(name), ..] => name,
            _ => return,
        };
        if scope == Scope::Module {
            self.workspace.modules[module].items.insert(name.to_string());
        }
        let is_type = matches!(keyword, "struct" | "enum" | "trait" | "union" | "type");
        if is_type && scope != Scope::Associated {
            let file = self.workspace.modules[module].file;
            let name = TypeName {
                name: name.to_string(),
                line: name.span().start().line,
            };
            self.workspace.types.push((file, name));
        }
    }

    /// Reads `mod name;` or `mod name { ... }`; gives the position behind it.
    fn read_module(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        parent: usize,
        attributes: &Attributes,
    ) -> usize {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
            return at + 1;
        };
        let name = name.to_string();
        let mut path = self.workspace.modules[parent].path.clone();
        path.push(name.clone());
        let child = if let Some(TokenTree::Group(group)) = tokens.get(at + 2) {
            let file = self.workspace.modules[parent].file;
            let child = self.workspace.add_module(file, path, Some(parent));
            self.read(group.stream(), child, Scope::Module);
            child
        } else {
            let file = module_file(self.file, &name, attributes.path.as_deref());
            self.workspace.add_file(&file, path, Some(parent))
        };
        self.workspace.modules[parent].children.insert(name, child);
        at + 3
    }

    fn read_use(&mut self, tokens: &[TokenTree], at: usize, module: usize) -> usize {
        let public = match at.checked_sub(1).map(|before| &tokens[before]) {
            Some(TokenTree::Ident(ident)) => ident == "pub",
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
            _ => false,
        };
        let end = tokens[at..]
            .iter()
            .position(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';'))
            .map_or(tokens.len(), |end| at + end);
        self.read_use_tree(&tokens[at + 1..end], &[], module, public);
        end
    }

    /// Imports of a tree such as `db::{self, sql::Sql as Statement, keyset::*}` below a prefix.
    fn read_use_tree(&mut self, tokens: &[TokenTree], prefix: &[String], module: usize, public: bool) {
        let mut path = prefix.to_vec();
        let mut alias = None;
        let mut line = 0;
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(ident) if ident == "as" => {
                    alias = tokens.get(at + 1).map(ToString::to_string);
                    at += 1;
                }
                TokenTree::Ident(ident) => {
                    line = ident.span().start().line;
                    if ident != "self" || path.is_empty() {
                        path.push(ident.to_string());
                    }
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let comma =
                        |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
                    for part in inner.split(comma) {
                        if !part.is_empty() {
                            self.read_use_tree(part, &path, module, public);
                        }
                    }
                    return;
                }
                TokenTree::Punct(mark) if mark.as_char() == '*' => {
                    let mention = Mention { segments: path, line };
                    self.workspace.modules[module].globs.push(mention);
                    return;
                }
                _ => {}
            }
            at += 1;
        }
        if let Some(last) = path.last() {
            let import = Import {
                name: alias.unwrap_or_else(|| last.clone()),
                mention: Mention { segments: path, line },
                public,
            };
            self.workspace.modules[module].imports.push(import);
        }
    }

    /// Reads a path of one or more segments; gives the position behind it.
    fn read_path(&mut self, tokens: &[TokenTree], mut at: usize, module: usize) -> usize {
        let line = tokens[at].span().start().line;
        let is = |back: usize, wanted: char| {
            let token = at.checked_sub(back).map(|before| &tokens[before]);
            matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == wanted)
        };
        // Fields and methods are no imports, and neither is what follows `::`.
        let elsewhere = is(1, '.') && !is(2, '.') || is(1, ':') && is(2, ':');
        let mut segments = vec![tokens[at].to_string()];
        at += 1;
        while let [
            TokenTree::Punct(one),
            TokenTree::Punct(two),
            TokenTree::Ident(next),
            ..,
        ] = &tokens[at..]
            && one.as_char() == ':'
            && two.as_char() == ':'
        {
            segments.push(next.to_string());
            at += 3;
        }
        if elsewhere {
            return at;
        }
        let module = &mut self.workspace.modules[module];
        module.names.entry(segments[0].clone()).or_insert(line);
        if segments.len() > 1 {
            module.mentions.push(Mention { segments, line });
        }
        at
    }
}

/// Takes down `#[cfg(test)]` and `#[path = "..."]`.
fn note_attribute(group: &Group, attributes: &mut Attributes) {
    let text = group.stream().to_string().replace(' ', "");
    if text == "cfg(test)" || text.starts_with("cfg(all(test,") {
        attributes.test = true;
    }
    if let Some(path) = text.strip_prefix("path=\"") {
        attributes.path = Some(path.trim_end_matches('"').to_owned());
    }
}

/// File of `mod name;` in a file.
fn module_file(parent: &Path, name: &str, path: Option<&str>) -> PathBuf {
    let folder = parent.parent().unwrap();
    if let Some(path) = path {
        return folder.join(path);
    }
    let stem = parent.file_stem().unwrap().to_str().unwrap();
    let folder = if ["mod", "lib", "main"].contains(&stem) {
        folder.to_path_buf()
    } else {
        folder.join(stem)
    };
    let file = folder.join(format!("{name}.rs"));
    if file.exists() {
        file
    } else {
        folder.join(name).join("mod.rs")
    }
}
