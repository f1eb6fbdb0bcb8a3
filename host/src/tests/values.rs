//! Every value type, through a real guest and back.
//!
//! The guest is the identity on `list<T>`: it hands back the pointer it was given, so what comes out
//! is what Wasmtime wrote into its memory and read again.

use proptest::prelude::*;

use super::*;

/// A type as component text, with the named types it needs, and a value of it as JSON.
#[derive(Clone, Debug)]
struct Case {
    ty: Ty,
    values: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Ty {
    Plain(&'static str),
    List(Box<Ty>),
    Option(Box<Ty>),
    Tuple(Vec<Ty>),
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
    Record(Vec<Ty>),
    Variant(Vec<Option<Ty>>),
    Enum(usize),
    Flags(usize),
}

impl Ty {
    /// The type where it is used. Named types are declared and exported first.
    fn text(&self, declared: &mut Vec<String>) -> String {
        let mut named = |definition: String| {
            let index = declared.len();
            declared.push(format!(
                r#"(type $d{index} {definition}) (export $t{index} "t{index}" (type $d{index}))"#
            ));
            format!("$t{index}")
        };
        match self {
            Self::Plain(name) => (*name).to_owned(),
            Self::Enum(count) => named(format!("(enum {})", names(*count, "c"))),
            Self::Flags(count) => named(format!("(flags {})", names(*count, "f"))),
            Self::List(element) => format!("(list {})", element.text(declared)),
            Self::Option(inner) => format!("(option {})", inner.text(declared)),
            Self::Tuple(types) => {
                let types: Vec<_> = types.iter().map(|ty| ty.text(declared)).collect();
                format!("(tuple {})", types.join(" "))
            }
            Self::Result(ok, err) => {
                let ok = ok.as_ref().map(|ty| ty.text(declared)).unwrap_or_default();
                let err = err
                    .as_ref()
                    .map(|ty| format!("(error {})", ty.text(declared)));
                format!("(result {ok} {})", err.unwrap_or_default())
            }
            Self::Record(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .enumerate()
                    .map(|(index, ty)| format!(r#"(field "f{index}" {})"#, ty.text(declared)))
                    .collect();
                Self::declare(declared, format!("(record {})", fields.join(" ")))
            }
            Self::Variant(cases) => {
                let cases: Vec<_> = cases
                    .iter()
                    .enumerate()
                    .map(|(index, ty)| {
                        let payload = ty.as_ref().map(|ty| ty.text(declared)).unwrap_or_default();
                        format!(r#"(case "c{index}" {payload})"#)
                    })
                    .collect();
                Self::declare(declared, format!("(variant {})", cases.join(" ")))
            }
        }
    }

    fn declare(declared: &mut Vec<String>, definition: String) -> String {
        let index = declared.len();
        declared.push(format!(
            r#"(type $d{index} {definition}) (export $t{index} "t{index}" (type $d{index}))"#
        ));
        format!("$t{index}")
    }

    /// A value, in the one form that comes back unchanged.
    fn value(&self) -> BoxedStrategy<Value> {
        match self {
            Self::Plain(name) => plain(name),
            Self::Enum(count) => (0..*count)
                .prop_map(|index| json!(format!("c{index}")))
                .boxed(),
            Self::Flags(count) => proptest::collection::vec(any::<bool>(), *count)
                .prop_map(|set| {
                    let names = set.iter().enumerate().filter(|(_, set)| **set);
                    names.map(|(index, _)| json!(format!("f{index}"))).collect()
                })
                .boxed(),
            Self::List(element) if matches!(**element, Self::Plain("u8")) => {
                use base64::Engine as _;
                let encode = |bytes| {
                    json!(base64::engine::general_purpose::STANDARD.encode::<Vec<u8>>(bytes))
                };
                proptest::collection::vec(any::<u8>(), 0..20)
                    .prop_map(encode)
                    .boxed()
            }
            Self::List(element) => proptest::collection::vec(element.value(), 0..4)
                .prop_map(Value::from)
                .boxed(),
            Self::Option(inner) => {
                let nested = matches!(**inner, Self::Option(_));
                let some = inner.value().prop_map(move |value| {
                    if nested {
                        json!({ "some": value })
                    } else {
                        value
                    }
                });
                prop_oneof![Just(Value::Null), some].boxed()
            }
            Self::Tuple(types) => types
                .iter()
                .map(Self::value)
                .collect::<Vec<_>>()
                .prop_map(Value::from)
                .boxed(),
            Self::Result(ok, err) => {
                let side = |ty: &Option<Box<Self>>| {
                    ty.as_ref()
                        .map_or(Just(Value::Null).boxed(), |ty| ty.value())
                };
                let ok = side(ok).prop_map(|value| json!({ "ok": value }));
                let err = side(err).prop_map(|value| json!({ "err": value }));
                prop_oneof![ok, err].boxed()
            }
            Self::Record(fields) => {
                let fields: Vec<_> = fields.iter().map(Self::value).collect();
                let named = |values: Vec<Value>| {
                    let values = values.into_iter().enumerate();
                    values
                        .map(|(index, value)| (format!("f{index}"), value))
                        .collect()
                };
                fields
                    .prop_map(move |values| Value::Object(named(values)))
                    .boxed()
            }
            Self::Variant(cases) => {
                let cases: Vec<_> = cases
                    .iter()
                    .enumerate()
                    .map(|(index, ty)| {
                        let name = format!("c{index}");
                        match ty {
                            None => Just(json!(name)).boxed(),
                            Some(ty) => ty
                                .value()
                                .prop_map(move |value| json!({ name.clone(): value }))
                                .boxed(),
                        }
                    })
                    .collect();
                proptest::strategy::Union::new(cases).boxed()
            }
        }
    }
}

fn names(count: usize, prefix: &str) -> String {
    (0..count)
        .map(|index| format!("\"{prefix}{index}\""))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where 64 bits change their form in JSON, their sign, or end; as they are without a sign.
const WIDE_EDGES: [u64; 10] = [
    0,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    i64::MAX as u64,
    1 << 63,
    // -(2^53) - 1, -(2^53), 1 - (2^53), and -1
    u64::MAX - (1 << 53),
    u64::MAX - (1 << 53) + 1,
    u64::MAX - (1 << 53) + 2,
    u64::MAX,
];

fn plain(name: &str) -> BoxedStrategy<Value> {
    const EXACT: i64 = 1 << 53;
    match name {
        "bool" => any::<bool>().prop_map(Value::from).boxed(),
        "u8" => any::<u8>().prop_map(Value::from).boxed(),
        "u16" => any::<u16>().prop_map(Value::from).boxed(),
        "u32" => any::<u32>().prop_map(Value::from).boxed(),
        "s8" => any::<i8>().prop_map(Value::from).boxed(),
        "s16" => any::<i16>().prop_map(Value::from).boxed(),
        "s32" => any::<i32>().prop_map(Value::from).boxed(),
        "u64" => prop_oneof![any::<u64>(), proptest::sample::select(WIDE_EDGES.to_vec())]
            .prop_map(|n| {
                if n > EXACT as u64 {
                    json!(n.to_string())
                } else {
                    json!(n)
                }
            })
            .boxed(),
        "s64" => prop_oneof![
            any::<i64>(),
            proptest::sample::select(WIDE_EDGES.to_vec()).prop_map(u64::cast_signed),
        ]
        .prop_map(|n| {
            if n.unsigned_abs() > EXACT as u64 {
                json!(n.to_string())
            } else {
                json!(n)
            }
        })
        .boxed(),
        "f32" => prop_oneof![
            special(),
            proptest::sample::select(vec![-0.0, 0.1, 16_777_216.0, 3.4028235e38])
                .prop_map(Value::from),
            any::<f32>()
                .prop_filter("finite", |n| n.is_finite())
                .prop_map(|n| json!(n.to_string().parse::<f64>().unwrap())),
        ]
        .boxed(),
        "f64" => prop_oneof![
            special(),
            proptest::sample::select(vec![-0.0, f64::MAX, f64::MIN_POSITIVE, 5e-324])
                .prop_map(Value::from),
            any::<f64>()
                .prop_filter("finite", |n| n.is_finite())
                .prop_map(Value::from)
        ]
        .boxed(),
        "char" => prop_oneof![
            any::<char>(),
            proptest::sample::select(vec!['\0', 'A', '"', '\u{d7ff}', '\u{e000}', '\u{10ffff}']),
        ]
        .prop_map(|c| json!(c.to_string()))
        .boxed(),
        "string" => any::<String>().prop_map(Value::from).boxed(),
        other => panic!("{other}"),
    }
}

fn special() -> BoxedStrategy<Value> {
    proptest::sample::select(vec![json!("NaN"), json!("Infinity"), json!("-Infinity")]).boxed()
}

const PLAIN: [&str; 13] = [
    "bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char", "string",
];

fn types() -> impl Strategy<Value = Ty> {
    let plain = proptest::sample::select(PLAIN.to_vec());
    let leaf = prop_oneof![
        4 => plain.prop_map(Ty::Plain),
        1 => (1_usize..40).prop_map(Ty::Enum),
        1 => (1_usize..=32).prop_map(Ty::Flags),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Ty::List),
            boxed().prop_map(Ty::Option),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Ty::Tuple),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Ty::Record),
            proptest::collection::vec(proptest::option::of(inner.clone()), 1..4)
                .prop_map(Ty::Variant),
            (proptest::option::of(boxed()), proptest::option::of(boxed()))
                .prop_map(|(ok, err)| Ty::Result(ok, err)),
        ]
    })
}

fn cases() -> impl Strategy<Value = Case> {
    types().prop_flat_map(|ty| {
        let values = proptest::collection::vec(ty.value(), 1..4);
        (Just(ty), values).prop_map(|(ty, values)| Case { ty, values })
    })
}

/// The identity on `list<ty>`. A list of `u8` is base64, so it is wrapped once more.
fn identity(ty: &Ty) -> String {
    let mut declared = Vec::new();
    let ty = ty.text(&mut declared);
    let declared = declared.join("\n");
    format!(
        r#"(component {LIBC}
          {declared}
          (core module $m
            (import "libc" "memory" (memory 4))
            (func (export "f") (param i32 i32) (result i32)
              (i32.store (i32.const 16) (local.get 0))
              (i32.store (i32.const 20) (local.get 1))
              (i32.const 16)))
          (core instance $i (instantiate $m (with "libc" (instance $libc))))
          (func (export "f") (param "x" (list (tuple {ty}))) (result (list (tuple {ty})))
            (canon lift (core func $i "f") (memory $memory) (realloc $realloc))))"#
    )
}

/// Every leaf, and every nesting that JSON writes in a way of its own: of one component, many values can be tried.
fn everything() -> Ty {
    let option = |inner: &Ty| Ty::Option(Box::new(inner.clone()));
    let result = |ok: Option<&Ty>, err: Option<&Ty>| {
        let boxed = |side: Option<&Ty>| side.cloned().map(Box::new);
        Ty::Result(boxed(ok), boxed(err))
    };
    let list = |element: &Ty| Ty::List(Box::new(element.clone()));
    let [byte, text, wide, float] = ["u8", "string", "s64", "f32"].map(Ty::Plain);
    let mut fields: Vec<Ty> = PLAIN.into_iter().map(Ty::Plain).collect();
    fields.extend([
        Ty::Enum(7),
        Ty::Flags(1),
        Ty::Flags(9),
        Ty::Flags(32),
        list(&byte),
        list(&wide),
        list(&list(&byte)),
        option(&byte),
        option(&option(&byte)),
        option(&option(&option(&text))),
        option(&list(&option(&float))),
        result(None, None),
        result(Some(&text), None),
        result(None, Some(&text)),
        result(Some(&byte), Some(&byte)),
        option(&result(None, Some(&option(&wide)))),
        Ty::Tuple(vec![text.clone(), option(&float)]),
        Ty::Variant(vec![
            None,
            Some(option(&byte)),
            Some(option(&option(&text))),
        ]),
    ]);
    Ty::Record(fields)
}

fn comes_back(ty: &Ty, values: &[Value]) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let list: Vec<Value> = values.iter().map(|value| json!([value])).collect();
    let input = json!({ "x": list.clone() });
    let report = runtime.block_on(call(&identity(ty), "f", input));
    prop_assert_eq!(report.outcome, Outcome::Ok(Value::from(list)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_back_as_it_went_in(case in cases()) {
        comes_back(&case.ty, &case.values)?;
    }
}

proptest! {
    // A counterexample is one of 64 records, and is shown as it is: to make it smaller would take minutes.
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn many_values_of_every_leaf_and_nesting_come_back(
        values in proptest::collection::vec(everything().value(), 64),
    ) {
        comes_back(&everything(), &values)?;
    }
}
