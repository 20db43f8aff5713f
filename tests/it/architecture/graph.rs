//! Import graph of the files and its circles.

use std::collections::BTreeMap;

use super::source::{Import, Target, Workspace};

/// First reason for which a file imports another: the line, and the path as it is written.
pub type Edges = BTreeMap<usize, BTreeMap<usize, String>>;

/// Files that import each other, as paths.
pub struct Circle {
    pub files: Vec<String>,
    /// Imports within the circle, each with its line.
    pub imports: Vec<String>,
}

/// Imports from file to file; a re-export leads to the file that defines the item.
pub fn edges(workspace: &Workspace) -> Edges {
    let mut edges = Edges::new();
    for (index, module) in workspace.modules.iter().enumerate() {
        let mut add = |target: Option<Target>, line: usize, segments: &[String]| {
            if let Some(Target::Item(file)) = target
                && file != module.file
            {
                let reason = format!("line {line}: {}", segments.join("::"));
                edges
                    .entry(module.file)
                    .or_default()
                    .entry(file)
                    .or_insert(reason);
            }
        };
        // A re-export is an import only where the module's own code uses the name.
        let is_used = |import: &&Import| !import.public || module.names.contains_key(&import.name);
        for import in module.imports.iter().filter(is_used) {
            let segments = &import.mention.segments;
            add(workspace.resolve(index, segments), import.mention.line, segments);
        }
        for mention in &module.mentions {
            add(
                workspace.resolve(index, &mention.segments),
                mention.line,
                &mention.segments,
            );
        }
        for glob in &module.globs {
            match workspace.resolve(index, &glob.segments) {
                // Variants of an enum.
                item @ Some(Target::Item(_)) => add(item, glob.line, &glob.segments),
                Some(Target::Module(_)) => {
                    for (name, line) in &module.names {
                        let name = std::slice::from_ref(name);
                        add(workspace.resolve(index, name), *line, name);
                    }
                }
                None => {}
            }
        }
    }
    edges
}

/// Strongly connected components of more than one file (Tarjan), the largest first.
pub fn circles(workspace: &Workspace) -> Vec<Circle> {
    let edges = edges(workspace);
    let mut search = Search {
        edges: &edges,
        visited: BTreeMap::new(),
        stack: Vec::new(),
        components: Vec::new(),
    };
    for file in 0..workspace.files.len() {
        if !search.visited.contains_key(&file) {
            search.visit(file);
        }
    }
    let mut components = search.components;
    components.retain(|files| files.len() > 1);
    components.sort_by_key(|files| (std::cmp::Reverse(files.len()), files.clone()));
    let name = |file: &usize| workspace.files[*file].clone();
    let circle = |files: Vec<usize>| {
        let mut imports = Vec::new();
        for from in &files {
            for (to, reason) in &edges[from] {
                if files.contains(to) {
                    imports.push(format!("{} -> {} ({reason})", name(from), name(to)));
                }
            }
        }
        Circle {
            files: files.iter().map(name).collect(),
            imports,
        }
    };
    components.into_iter().map(circle).collect()
}

struct Search<'a> {
    edges: &'a Edges,
    /// Number of each file in the order of visits, and the lowest number that it reaches on the stack.
    visited: BTreeMap<usize, (usize, usize)>,
    stack: Vec<usize>,
    components: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, file: usize) -> usize {
        let number = self.visited.len();
        let mut lowest = number;
        self.visited.insert(file, (number, lowest));
        self.stack.push(file);
        for next in self.edges.get(&file).into_iter().flat_map(BTreeMap::keys) {
            let reached = match self.visited.get(next) {
                None => self.visit(*next),
                Some((_, reached)) if self.stack.contains(next) => *reached,
                Some(_) => continue,
            };
            lowest = lowest.min(reached);
        }
        self.visited.insert(file, (number, lowest));
        if lowest == number {
            let start = self.stack.iter().position(|each| *each == file).unwrap();
            let mut component = self.stack.split_off(start);
            component.sort_unstable();
            self.components.push(component);
        }
        lowest
    }
}
