//! Where secrets are kept and looked for, with a keyring that does what a test says.

use std::cell::{Cell, RefCell};

use super::*;

/// The real one is another program, which may be slow, locked or gone.
#[derive(Default)]
struct Fake {
    values: RefCell<BTreeMap<String, Value>>,
    gone: Cell<bool>,
}

impl Fake {
    fn answer(&self) -> Result<(), Unavailable> {
        match self.gone.get() {
            true => Err(Unavailable::Refused("nobody is there".to_owned())),
            false => Ok(()),
        }
    }
}

impl Keyring for Fake {
    fn check(&self) -> Result<(), Unavailable> {
        self.answer()
    }

    fn get(&self, name: &str) -> Result<Option<Value>, Unavailable> {
        self.answer()?;
        Ok(self.values.borrow().get(name).cloned())
    }

    fn set(&self, name: &str, value: &Value) -> Result<(), Unavailable> {
        self.answer()?;
        self.values
            .borrow_mut()
            .insert(name.to_owned(), value.clone());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), Unavailable> {
        self.answer()?;
        self.values.borrow_mut().remove(name);
        Ok(())
    }
}

struct World {
    _root: tempfile::TempDir,
    home: Home,
    keyring: Fake,
}

fn world() -> World {
    let root = tempfile::tempdir().unwrap();
    let home = Home::at(root.path().join("home"), None);
    home.make().unwrap();
    World {
        _root: root,
        home,
        keyring: Fake::default(),
    }
}

impl World {
    fn open(&self) -> Secrets<'_> {
        Secrets::open(&self.home, &self.keyring).unwrap()
    }

    fn set(&self, name: &str, value: &str) -> Outcome<(Place, Option<Unavailable>)> {
        self.open().set(&self::name(name), &self::value(value))
    }

    fn get(&self, name: &str) -> Outcome<Option<String>> {
        let value = self.open().value(name)?;
        Ok(value.map(|value| value.as_str().to_owned()))
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.home.secrets()).unwrap()
    }
}

fn name(text: &str) -> EnvironmentName {
    text.parse().unwrap()
}

fn value(text: &str) -> Value {
    Value::new(text.as_bytes()).unwrap()
}

#[test]
fn a_value_goes_into_the_keyring_and_only_its_name_into_the_file() {
    let world = world();
    assert_eq!(
        world.set("TOKEN", "hunter2-and-more").unwrap(),
        (Place::Keyring, None)
    );
    assert_eq!(
        world.get("TOKEN").unwrap().as_deref(),
        Some("hunter2-and-more")
    );
    assert!(world.file().contains("TOKEN") && !world.file().contains("sealed"));
    assert!(!world.home.secrets_key().exists());
    assert_eq!(world.get("OTHER").unwrap(), None);
}

#[test]
fn without_a_keyring_it_is_sealed_in_the_file_and_the_reason_is_told() {
    let world = world();
    world.keyring.gone.set(true);
    let (place, why) = world.set("TOKEN", "hunter2-and-more").unwrap();
    assert_eq!(place, Place::File);
    assert_eq!(why.unwrap().to_string(), "nobody is there");
    assert_eq!(
        world.get("TOKEN").unwrap().as_deref(),
        Some("hunter2-and-more")
    );
    assert!(
        !world.file().contains("hunter2-and-more"),
        "{}",
        world.file()
    );
}

#[test]
fn a_name_stays_where_it_is_until_it_is_removed() {
    let world = world();
    world.keyring.gone.set(true);
    world.set("A", "the value 1").unwrap();
    world.keyring.gone.set(false);
    assert_eq!(world.set("A", "the value 2").unwrap(), (Place::File, None));
    assert!(world.keyring.values.borrow().is_empty());
    assert_eq!(world.open().remove(&name("A")).unwrap(), None);
    assert_eq!(
        world.set("A", "the value 3").unwrap(),
        (Place::Keyring, None)
    );

    world.keyring.gone.set(true);
    for failure in [
        world.set("A", "the value 4").unwrap_err(),
        world.get("A").unwrap_err(),
    ] {
        assert_eq!(failure.kind, Kind::Io);
        assert!(failure.one_line().contains("nobody is there"));
    }
    assert!(world.open().remove(&name("A")).unwrap().is_some());
    assert_eq!(world.get("A").unwrap(), None);
    assert_eq!(world.open().names().count(), 0);
}

#[test]
fn a_value_that_the_keyring_lost_is_missed_by_name() {
    let world = world();
    world.set("TOKEN", "hunter2-and-more").unwrap();
    world.keyring.values.borrow_mut().clear();
    let failure = world.get("TOKEN").unwrap_err();
    assert_eq!(failure.kind, Kind::NotFound);
    assert_eq!(failure.hint.unwrap(), "claw secret set TOKEN");
    assert_eq!(
        world.open().remove(&name("OTHER")).unwrap_err().kind,
        Kind::NotFound
    );
}

#[test]
fn there_are_no_more_than_the_limit() {
    let world = world();
    let mut secrets = world.open();
    secrets.entries = (0..SECRETS_MAX)
        .map(|number| {
            let kept = Place::Keyring;
            (format!("N{number}"), Entry { kept, sealed: None })
        })
        .collect();
    secrets.write().unwrap();
    let failure = world.set("ONE_MORE", "hunter2-and-more").unwrap_err();
    assert_eq!(failure.kind, Kind::Limit);
    world.set("N0", "another value of an old name").unwrap();
}

#[test]
fn a_list_that_does_not_hold_is_refused_without_showing_it() {
    for text in [
        "[A]\nkept = \"elsewhere\"\n",
        "[A]\nkept = \"file\"\n",
        "[A]\nkept = \"keyring\"\nsealed = \"c2VjcmV0\"\n",
        "[A]\nkept = \"file\"\nsealed = \"c2VjcmV0\"\nvalue = \"c2VjcmV0\"\n",
        "[\"A B\"]\nkept = \"keyring\"\n",
        "c2VjcmV0\n",
    ] {
        let failure = parse(text).unwrap_err();
        assert_eq!(failure.kind, Kind::Verification, "{text}");
        assert!(!failure.one_line().contains("c2VjcmV0"), "{failure:?}");
    }
}

#[test]
fn a_grant_names_each_secret_once() {
    let grants = PermissionSet::new(
        [
            "secret=B https://b.example x-key",
            "secret=A https://a.example authorization",
            "secret=A https://b.example authorization",
            "environment=A",
        ]
        .map(|line| line.parse().unwrap()),
    );
    let names: Vec<_> = names_of(&grants)
        .into_iter()
        .map(EnvironmentName::as_str)
        .collect();
    assert_eq!(names, ["A", "B"]);
}
