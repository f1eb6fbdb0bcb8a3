//! Any input against any type: it is refused, or it means exactly one value.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn shapes() -> impl Strategy<Value = Shape> {
    let leaf = proptest::sample::select(vec![
        Shape::Bool,
        Shape::U8,
        Shape::U16,
        Shape::U32,
        Shape::U64,
        Shape::S8,
        Shape::S16,
        Shape::S32,
        Shape::S64,
        Shape::Float32,
        Shape::Float64,
        Shape::Char,
        Shape::String,
        Shape::Bytes,
        Shape::Enum(vec!["a".to_owned(), "ok".to_owned()]),
        Shape::Flags(vec!["a".to_owned(), "b".to_owned()]),
    ]);
    leaf.prop_recursive(3, 16, 3, |inner| {
        let boxed = || proptest::option::of(inner.clone().prop_map(Box::new));
        let named = |count: usize| {
            ["a", "some", "ok"]
                .into_iter()
                .map(str::to_owned)
                .take(count)
        };
        prop_oneof![
            inner.clone().prop_map(|shape| Shape::List(Box::new(shape))),
            inner
                .clone()
                .prop_map(|shape| Shape::Option(Box::new(shape))),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Shape::Tuple),
            proptest::collection::vec(inner.clone(), 1..4)
                .prop_map(move |shapes| Shape::Record(named(shapes.len()).zip(shapes).collect())),
            proptest::collection::vec(proptest::option::of(inner.clone()), 1..4)
                .prop_map(move |shapes| Shape::Variant(named(shapes.len()).zip(shapes).collect())),
            (boxed(), boxed()).prop_map(|(ok, err)| Shape::Result { ok, err }),
        ]
    })
}

/// JSON that is likely to fit something.
fn inputs() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-300_i64..300).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(vec![
            "",
            "a",
            "b",
            "ok",
            "some",
            "NaN",
            "-Infinity",
            "12",
            "-0",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "AAAA",
            "AA==",
            "AB==",
            "ü",
            "e\u{301}",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let keys = proptest::sample::select(vec!["a", "some", "ok", "err", "x"]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((keys, inner), 0..4).prop_map(|entries| {
                entries
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_is_written_in_a_form_that_is_accepted(
        (shape, input) in (shapes(), inputs()),
    ) {
        let signature = Signature {
            parameters: vec![("x".to_owned(), shape.clone())],
            result: Some(Shape::Tuple(vec![shape])),
        };
        match signature.arguments(&json!({ "x": input })) {
            Err(fault) => prop_assert!(fault.pointer.starts_with("/x") || fault.pointer.is_empty()),
            Ok(values) => {
                let answer = signature.answer(&[Val::Tuple(values.clone())], 1 << 20).unwrap();
                let Answer::Ok(written) = answer else { panic!("a tuple is no error") };
                let again = signature.arguments(&json!({ "x": written[0] })).unwrap();
                prop_assert_eq!(again, values);
            }
        }
    }
}
