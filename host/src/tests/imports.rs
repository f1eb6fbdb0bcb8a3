//! What a component may ask of the host.

use super::*;
use crate::LoadError;

fn importing(interface: &str) -> String {
    format!(r#"(component (import "{interface}" (instance (export "f" (func)))))"#)
}

#[test]
fn gated_interfaces_are_not_refused_but_have_to_fit() {
    for interface in [
        "claw:skill/process@0.1.0",
        "wasi:http/types@0.2.6",
        "wasi:http/outgoing-handler@0.2.6",
        "wasi:http/incoming-handler@0.2.6",
        "wasi:sockets/tcp@0.2.6",
        "wasi:sockets/udp@0.2.6",
        "wasi:sockets/ip-name-lookup@0.2.6",
    ] {
        let error = HOST.load(&verified(&importing(interface))).err().unwrap();
        assert!(matches!(error, LoadError::Link { .. }), "{error:?}");
    }
}

#[test]
fn unknown_interfaces_are_refused_by_name() {
    for interface in [
        "acme:other/x@1.0.0",
        "wasi:nn/graph@0.2.0",
        "claw:skill/other@0.1.0",
    ] {
        let error = HOST.load(&verified(&importing(interface))).err().unwrap();
        assert!(matches!(error, LoadError::UnknownImport { import, .. } if import == interface));
    }
}

#[test]
fn a_known_interface_with_other_functions_does_not_link() {
    let error = HOST
        .load(&verified(&importing("wasi:random/random@0.2.6")))
        .err()
        .unwrap();
    assert!(matches!(error, LoadError::Link { .. }), "{error:?}");
}

#[test]
fn what_is_no_component_is_not_compiled() {
    for bytes in [Vec::new(), b"\0asm\x01\0\0\0".to_vec(), b"hello".to_vec()] {
        let component = VerifiedComponent::local(bytes, None, &PermissionSet::empty());
        assert!(matches!(
            HOST.load(&component),
            Err(LoadError::Compile { .. })
        ));
    }
}

#[test]
fn threads_and_large_memories_are_not_compiled() {
    for memory in ["(memory i64 1)", "(memory 1 1 shared)"] {
        let text = format!("(component (core module {memory}))");
        let component = verified(&text);
        assert!(
            matches!(HOST.load(&component), Err(LoadError::Compile { .. })),
            "{memory}"
        );
    }
}
