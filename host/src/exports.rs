//! The actions of a component: its exported functions, named and typed.

use std::collections::BTreeMap;

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex};

use crate::reflect::Signature;
use crate::skill::Action;

/// How to call an action.
pub(crate) struct Callable {
    pub(crate) export: ComponentExportIndex,
    /// Or why JSON cannot call it.
    pub(crate) signature: Result<Signature, String>,
}

/// Every exported function, in the component's order, and how to call each.
pub(crate) fn actions(component: &Component, engine: &Engine) -> (Vec<Action>, Vec<Callable>) {
    let mut functions = Vec::new();
    let ty = component.component_type();
    for (name, item) in ty.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(function) => {
                let export = component.get_export_index(None, name);
                functions.push((None, name.to_owned(), export, Signature::of(&function)));
            }
            ComponentItem::ComponentInstance(instance) => {
                let interface = component.get_export_index(None, name);
                for (function_name, item) in instance.exports(engine) {
                    let ComponentItem::ComponentFunc(function) = item.ty else {
                        continue;
                    };
                    let export = component.get_export_index(interface.as_ref(), function_name);
                    let signature = Signature::of(&function);
                    functions.push((
                        Some(name.to_owned()),
                        function_name.to_owned(),
                        export,
                        signature,
                    ));
                }
            }
            _ => {}
        }
    }
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for (interface, function, ..) in &functions {
        *uses.entry(function.clone()).or_default() += 1;
        if let Some(interface) = interface {
            for name in names(interface, function) {
                *uses.entry(name).or_default() += 1;
            }
        }
    }
    functions
        .into_iter()
        .filter_map(|(interface, function, export, signature)| {
            let name = match &interface {
                Some(interface) if uses[&function] > 1 => {
                    let [short, full] = names(interface, &function);
                    if uses[&short] > 1 { full } else { short }
                }
                _ => function.clone(),
            };
            let not_callable = signature.as_ref().err().cloned();
            let action = Action {
                name,
                interface,
                function,
                not_callable,
            };
            Some((
                action,
                Callable {
                    export: export?,
                    signature,
                },
            ))
        })
        .unzip()
}

/// `interface.function`, with the interface's own name and with all of it.
pub(crate) fn names(interface: &str, function: &str) -> [String; 2] {
    let path = interface
        .split_once('@')
        .map_or(interface, |(path, _)| path);
    let short = path.rsplit_once('/').map_or(path, |(_, short)| short);
    [
        format!("{short}.{function}"),
        format!("{interface}.{function}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(exports: &str) -> Vec<String> {
        let text = format!(
            "(component
               (core module $m (func (export \"f\")))
               (core instance $i (instantiate $m))
               (func $f (canon lift (core func $i \"f\")))
               (instance $a (export \"run\" (func $f)))
               {exports})"
        );
        let engine = Engine::default();
        let component = Component::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        actions(&component, &engine)
            .0
            .into_iter()
            .map(|action| action.name)
            .collect()
    }

    #[test]
    fn a_unique_function_goes_by_its_own_name() {
        assert_eq!(
            named(r#"(export "acme:x/one@1.0.0" (instance $a))"#),
            ["run"]
        );
    }

    #[test]
    fn an_ambiguous_function_goes_by_its_interface_too() {
        let exports = r#"(export "acme:x/one@1.0.0" (instance $a)) (export "acme:x/two@1.0.0" (instance $a))"#;
        assert_eq!(named(exports), ["one.run", "two.run"]);
        let exports = r#"(export "run" (func $f)) (export "acme:x/two@1.0.0" (instance $a))"#;
        assert_eq!(named(exports), ["run", "two.run"]);
        let exports = r#"(export "acme:x/one@1.0.0" (instance $a)) (export "acme:y/one@1.0.0" (instance $a))"#;
        assert_eq!(
            named(exports),
            ["acme:x/one@1.0.0.run", "acme:y/one@1.0.0.run"]
        );
    }
}
