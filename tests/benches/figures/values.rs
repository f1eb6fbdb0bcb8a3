//! What claw adds to a call for each KiB of JSON, both ways, against serde_json alone.
//!
//! The same component is called by claw from text to text and by Wasmtime with its values made beforehand; the
//! difference is reading, checking, lowering, lifting, printing, and the digests of the receipt.

use claw_host::{Allocation, Invocation, Outcome};
use serde_json::{Value, json};
use wasmtime::Store;
use wasmtime::component::{Component, Linker, Val};

use crate::bare;
use crate::measure::{interleaved, seconds};
use crate::table::{Table, Target, time};
use crate::world;

const POOL: u32 = 16;
const ROUNDS: usize = 40;
const CALLS_A_ROUND: u32 = 20;
const RECORDS: usize = 600;

/// Gives back a list of records as it came.
const ECHO: &str = r#"(component
  (core module $m
    (memory (export "memory") 64)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $place i32)
      (local.set $place (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $place) (local.get $size)))
      (local.get $place))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (type $item' (record (field "id" u32) (field "name" string) (field "score" float64) (field "tags" (list string)) (field "note" (option string))))
  (export $item "item" (type $item'))
  (type $items (list $item))
  (func $echo (param "items" $items) (result $items)
    (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (export "echo" (func $echo)))"#;

pub(crate) fn measure(table: &mut Table) {
    let component = claw_tests::packages::component(ECHO);
    let items: Vec<Value> = (0..RECORDS).map(item).collect();
    let text = json!({ "items": items }).to_string();
    let kibibytes = text.len() as f64 / 1024.0;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let host = world::host(Allocation::Pooled { instances: POOL });
    let skill = world::load(&host, &component);
    let whole = || {
        let input = serde_json::from_str(&text).expect("JSON");
        let report = runtime.block_on(skill.invoke(Invocation::new("echo", input)));
        match report.outcome {
            Outcome::Ok(value) => value.to_string(),
            other => panic!("`echo` ended with {other:?}"),
        }
    };
    assert_eq!(whole(), Value::from(items.clone()).to_string());

    let engine = bare::engine(Some(POOL)).expect("an engine");
    let component = Component::new(&engine, &component).expect("a component");
    let pre = Linker::<()>::new(&engine)
        .instantiate_pre(&component)
        .expect("nothing is imported");
    let arguments = [Val::List((0..RECORDS).map(value).collect())];
    let call = || {
        let mut store = Store::new(&engine, ());
        let instance = pre.instantiate(&mut store).expect("an instance");
        let function = instance.get_func(&mut store, "echo").expect("a function");
        let mut results = [Val::Bool(false)];
        function
            .call(&mut store, &arguments, &mut results)
            .expect("a result");
        results
    };
    assert_eq!(call()[0], arguments[0]);

    let alone = || {
        let value: Value = serde_json::from_str(&text).expect("JSON");
        value.to_string()
    };
    let compared = interleaved(
        ROUNDS,
        || (seconds(CALLS_A_ROUND, whole) - seconds(CALLS_A_ROUND, call)) / kibibytes,
        || seconds(CALLS_A_ROUND, alone) / kibibytes,
    );
    table.compared(
        "JSON ↔ values, per KiB each way, against serde_json alone",
        compared,
        time,
        Target::None,
    );
}

fn name(index: usize) -> String {
    format!("item number {index}, with a name of some length")
}

fn tags(index: usize) -> [String; 2] {
    ["even-or-odd".to_owned(), format!("tag-{}", index % 7)]
}

fn item(index: usize) -> Value {
    json!({
        "id": index,
        "name": name(index),
        "score": index as f64 + 0.25,
        "tags": tags(index),
        "note": if index.is_multiple_of(2) { Value::Null } else { Value::from("a \"quoted\" note") },
    })
}

fn value(index: usize) -> Val {
    let note =
        (!index.is_multiple_of(2)).then(|| Box::new(Val::String("a \"quoted\" note".to_owned())));
    let tags = tags(index).map(Val::String);
    let field = |name: &str, value: Val| (name.to_owned(), value);
    Val::Record(vec![
        field("id", Val::U32(index as u32)),
        field("name", Val::String(name(index))),
        field("score", Val::Float64(index as f64 + 0.25)),
        field("tags", Val::List(tags.into())),
        field("note", Val::Option(note)),
    ])
}
