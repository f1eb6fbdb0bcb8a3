//! Compares what two components export, and says each change in plain words.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::types::{Interner, difference};
use crate::component::surface::{FunctionShape, Scope};
use crate::component::{Action, ComponentInfo};

/// As much of a signature as is shown: one action's may take a quarter of a megabyte.
const SIGNATURE_CHARACTERS_MAX: usize = 240;

/// One difference between what two releases export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether a caller of the release before can fail for it.
    pub breaking: bool,
    text: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What changes for the callers of `previous` when they get `next`: what breaks them first.
///
/// An interface is the same under another version of it that is compatible and not lower, as for
/// whoever links components.
pub fn compare(previous: &ComponentInfo, next: &ComponentInfo) -> Vec<Change> {
    let mut interner = Interner::default();
    let mut comparison = Comparison {
        of_previous: Side::new(previous, &mut interner),
        of_next: Side::new(next, &mut interner),
        changes: Vec::new(),
    };
    let successors = Successors::new(&next.surface.scopes);
    let mut met = HashSet::new();
    for scope in &previous.surface.scopes {
        let Some(index) = successors.of(scope) else {
            comparison.breaking(format!("the {} is gone", title(scope)));
            continue;
        };
        met.insert(index);
        let now = &next.surface.scopes[index];
        comparison.functions(scope, now);
        comparison.types(scope, now);
        comparison.names(scope, now);
    }
    for (index, scope) in next.surface.scopes.iter().enumerate() {
        if !met.contains(&index) {
            comparison.compatible(format!("the {} is new", title(scope)));
        }
    }
    let mut changes = comparison.changes;
    changes.sort_by_key(|change| !change.breaking);
    changes
}

/// Everything in a function's type that a caller is bound to.
type Form = (Vec<(String, u32)>, Option<u32>, bool);

/// One of the two components, with numbers for types that both share.
struct Side<'a> {
    info: &'a ComponentInfo,
    numbers: Vec<u32>,
}

impl<'a> Side<'a> {
    fn new(info: &'a ComponentInfo, interner: &mut Interner) -> Self {
        let numbers = interner.number(&info.surface);
        Self { info, numbers }
    }

    fn number(&self, shape: u32) -> u32 {
        self.numbers[shape as usize]
    }

    fn form(&self, function: &FunctionShape) -> Form {
        let parameters = function.parameters.iter();
        let parameters: Vec<_> = parameters
            .map(|(name, ty)| (name.clone(), self.number(*ty)))
            .collect();
        let result = function.result.map(|ty| self.number(ty));
        (parameters, result, function.asynchronous)
    }

    fn action(&self, scope: &Scope, function: &str) -> Option<&'a Action> {
        self.info
            .actions
            .iter()
            .find(|action| action.interface == scope.interface && action.function == function)
    }

    fn signature(&self, scope: &Scope, function: &str) -> String {
        let signature = self.action(scope, function).map_or("", |a| &a.signature);
        match signature.char_indices().nth(SIGNATURE_CHARACTERS_MAX) {
            Some((end, _)) => format!("{}…", &signature[..end]),
            None => signature.to_owned(),
        }
    }
}

struct Comparison<'a> {
    of_previous: Side<'a>,
    of_next: Side<'a>,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    fn breaking(&mut self, text: String) {
        let breaking = true;
        self.changes.push(Change { breaking, text });
    }

    fn compatible(&mut self, text: String) {
        let breaking = false;
        self.changes.push(Change { breaking, text });
    }

    fn functions(&mut self, previous: &Scope, next: &Scope) {
        let next_functions: HashMap<_, _> = next.functions.iter().map(|f| (&f.name, f)).collect();
        for function in &previous.functions {
            let name = dotted(previous, &function.name);
            match next_functions.get(&function.name) {
                None => self.breaking(format!("the action `{name}` is gone")),
                Some(now) if self.of_previous.form(function) != self.of_next.form(now) => {
                    let was = self.of_previous.signature(previous, &function.name);
                    let is = self.of_next.signature(next, &function.name);
                    self.breaking(if was == is {
                        format!("the action `{name}` uses a type that changed: `{is}`")
                    } else {
                        format!("the action `{name}` changed from `{was}` to `{is}`")
                    });
                }
                Some(_) => {}
            }
        }
        let had: HashMap<_, _> = previous.functions.iter().map(|f| (&f.name, ())).collect();
        for function in &next.functions {
            if !had.contains_key(&function.name) {
                let name = dotted(next, &function.name);
                self.compatible(format!("the action `{name}` is new"));
            }
        }
    }

    fn types(&mut self, previous: &Scope, next: &Scope) {
        let next_types: HashMap<_, _> = next.types.iter().map(|(n, ty)| (n, *ty)).collect();
        for (name, shape) in &previous.types {
            let title = dotted(previous, name);
            let Some(now) = next_types.get(name) else {
                self.breaking(format!("the type `{title}` is gone"));
                continue;
            };
            let (was, is) = (&self.of_previous, &self.of_next);
            if was.number(*shape) != is.number(*now) {
                let shapes = &was.info.surface.shapes;
                let before = shapes[*shape as usize].with(|part| was.number(*part));
                let shapes = &is.info.surface.shapes;
                let after = shapes[*now as usize].with(|part| is.number(*part));
                let details = difference(&before, &after);
                self.breaking(format!("the type `{title}` changed: {details}"));
            }
        }
        let had: HashMap<_, _> = previous.types.iter().map(|(n, _)| (n, ())).collect();
        for (name, _) in &next.types {
            if !had.contains_key(name) {
                let title = dotted(next, name);
                self.compatible(format!("the type `{title}` is new"));
            }
        }
    }

    /// A new action of the same name can take the short name from an old one.
    fn names(&mut self, previous: &Scope, next: &Scope) {
        for function in &previous.functions {
            let (Some(was), Some(is)) = (
                self.of_previous.action(previous, &function.name),
                self.of_next.action(next, &function.name),
            ) else {
                continue;
            };
            if self.of_next.info.action(&was.name) != Some(is) {
                let (was, is) = (&was.name, &is.name);
                self.breaking(format!("the action `{was}` has to be called `{is}` now"));
            }
        }
    }
}

/// `interface `acme:git/git@0.1.0``, or the world, which always has its successor.
fn title(scope: &Scope) -> String {
    match &scope.interface {
        Some(interface) => format!("interface `{interface}`"),
        None => "world".into(),
    }
}

/// `git.log`, or `log` in the world.
fn dotted(scope: &Scope, name: &str) -> String {
    match &scope.interface {
        Some(interface) => format!("{}.{name}", crate::component::short(interface)),
        None => name.into(),
    }
}

/// The next component's interfaces, by what they are called.
struct Successors<'a> {
    by_name: HashMap<Option<&'a str>, usize>,
    /// By name without version; the versions sorted, pre-releases left out.
    by_line: HashMap<&'a str, Vec<(semver::Version, usize)>>,
}

impl<'a> Successors<'a> {
    fn new(scopes: &'a [Scope]) -> Self {
        let mut by_line: HashMap<_, Vec<_>> = HashMap::new();
        for (index, scope) in scopes.iter().enumerate() {
            if let Some((name, version)) = versioned(scope)
                && version.pre.is_empty()
            {
                by_line.entry(name).or_default().push((version, index));
            }
        }
        by_line.values_mut().for_each(|versions| versions.sort());
        let by_name = scopes.iter().enumerate();
        Self {
            by_name: by_name.map(|(i, s)| (s.interface.as_deref(), i)).collect(),
            by_line,
        }
    }

    /// Which interface an older one lives on as: the one of the same name, or else the next higher
    /// version of it if that is compatible.
    fn of(&self, scope: &Scope) -> Option<usize> {
        if let Some(index) = self.by_name.get(&scope.interface.as_deref()) {
            return Some(*index);
        }
        let (name, version) = versioned(scope)?;
        let line = self.by_line.get(name)?;
        let (next, index) = line.get(line.partition_point(|(other, _)| *other < version))?;
        let compatible = match (version.major, version.minor) {
            (0, 0) => false,
            (0, minor) => (next.major, next.minor) == (0, minor),
            (major, _) => next.major == major,
        };
        (compatible && version.pre.is_empty()).then_some(*index)
    }
}

fn versioned(scope: &Scope) -> Option<(&str, semver::Version)> {
    let (name, version) = scope.interface.as_deref()?.split_once('@')?;
    Some((name, version.parse().ok()?))
}
