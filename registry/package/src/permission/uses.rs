//! The algebra held against what it is for: single uses of power, and whether lines allow them.
//!
//! The model knows no meet and no cover. It asks of one use at a time whether one line allows it, as
//! a person would read the line, so that an algebra that is consistent and wrong is found out.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::laws::{permissions, sets};
use super::*;

/// Something that a guest does.
#[derive(Clone, Debug)]
enum Use {
    Read(&'static str),
    Write(&'static str),
    Request {
        internal: bool,
        method: &'static str,
        scheme: &'static str,
        host: &'static str,
        port: u16,
        path: &'static str,
    },
    Connect(IpAddr, u16),
    Run(Vec<&'static str>),
    See(&'static str),
    Send {
        secret: &'static str,
        scheme: &'static str,
        host: &'static str,
        header: &'static str,
    },
}

fn allows(line: &Permission, used: &Use) -> bool {
    match (line, used) {
        (Permission::FilesystemRead(folder), Use::Read(path))
        | (Permission::FilesystemWrite(folder), Use::Read(path) | Use::Write(path)) => {
            is_in(path, &folder.to_string())
        }
        (Permission::NetworkExternal(scope), Use::Request { internal, .. }) => {
            !internal && allows_request(scope, used)
        }
        (Permission::NetworkInternal(scope), Use::Request { internal, .. }) => {
            *internal && allows_request(scope, used)
        }
        (Permission::NetworkTcp(scope), Use::Connect(address, port)) => {
            is_port(scope.port(), *port) && is_in_block(scope, *address)
        }
        (Permission::ProcessExecute(command), Use::Run(words)) => is_command(command, words),
        (Permission::Environment(name), Use::See(variable)) => name.as_str() == *variable,
        (
            Permission::Secret(scope),
            Use::Send {
                secret,
                scheme,
                host,
                header,
            },
        ) => {
            scope.name().as_str() == *secret
                && scope.scheme().to_string() == *scheme
                && is_host(scope.host(), host)
                && scope.header() == *header
        }
        _ => false,
    }
}

fn any_allows<'a>(lines: impl IntoIterator<Item = &'a Permission>, used: &Use) -> bool {
    lines.into_iter().any(|line| allows(line, used))
}

/// As text: the folder itself, or a name that goes on after it and a slash.
fn is_in(path: &str, folder: &str) -> bool {
    folder == "." || path == folder || path.starts_with(&format!("{folder}/"))
}

fn allows_request(scope: &HttpScope, used: &Use) -> bool {
    let Use::Request {
        method,
        scheme,
        host,
        port,
        path,
        ..
    } = used
    else {
        return false;
    };
    let prefix: String = scope
        .path()
        .iter()
        .map(|segment| format!("/{segment}"))
        .collect();
    (scope.methods().is_empty() || scope.methods().contains(*method))
        && scope.scheme().to_string() == *scheme
        && is_host(scope.host(), host)
        && is_port(scope.port(), *port)
        && (*path == prefix || path.starts_with(&format!("{prefix}/")))
}

fn is_host(allowed: &Host, host: &str) -> bool {
    match allowed {
        Host::Any => true,
        Host::Below(parent) => host.ends_with(&format!(".{parent}")),
        Host::Name(name) => host == name,
        Host::Address(address) => host.parse() == Ok(*address),
    }
}

fn is_port(allowed: Port, port: u16) -> bool {
    match allowed {
        Port::Any => true,
        Port::Number(number) => number == port,
    }
}

/// Bit by bit, from the left.
fn is_in_block(scope: &TcpScope, address: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => format!("{:032b}", v4.to_bits()),
        IpAddr::V6(v6) => format!("{:0128b}", v6.to_bits()),
    };
    let (block, address) = (bits(scope.address()), bits(address));
    block.len() == address.len() && address.starts_with(&block[..usize::from(scope.prefix_bits())])
}

fn is_command(command: &Command, words: &[&str]) -> bool {
    let fits = |(allowed, word): (&Word, &&str)| match allowed {
        Word::Any => true,
        Word::Literal(text) => text == word,
    };
    let enough = match command.any_rest() {
        true => words.len() >= command.words().len(),
        false => words.len() == command.words().len(),
    };
    enough && command.words().iter().zip(words).all(fits)
}

fn uses() -> impl Strategy<Value = Use> {
    let path = || select(vec!["a", "a/b", "a/b/c", "a/b/c/d", "a/bc", "ab", "b", "c"]);
    let host = || {
        select(vec![
            "a.b", "c.a.b", "d.c.a.b", "xa.b", "10.0.0.1", "::1", "z",
        ])
    };
    let scheme = || select(vec!["http", "https"]);
    let request = (
        any::<bool>(),
        select(vec!["GET", "POST", "PUT", "DELETE"]),
        scheme(),
        host(),
        select(vec![80, 443, 8080]),
        select(vec!["/", "/v1", "/v1/", "/v1/x", "/v1/x/y", "/v10", "/w"]),
    )
        .prop_map(
            |(internal, method, scheme, host, port, path)| Use::Request {
                internal,
                method,
                scheme,
                host,
                port,
                path,
            },
        );
    let address = select(vec![
        "10.1.2.3", "10.1.9.9", "10.2.0.1", "8.8.8.8", "fd00::1", "fd00::2", "2001::1",
    ]);
    let connect = (address, select(vec![22, 443, 80]))
        .prop_map(|(address, port)| Use::Connect(address.parse().expect("an address"), port));
    let program = select(vec!["git", "/bin/ls", "my tool", "rm"]);
    let word = select(vec!["log", "-v", "*", "**", "a b", "it's", "", "other"]);
    let run = (program, vec(word, 0..5))
        .prop_map(|(program, words)| Use::Run([vec![program], words].concat()));
    let send = (
        select(vec!["A", "B"]),
        scheme(),
        host(),
        select(vec!["x", "y", "z"]),
    )
        .prop_map(|(secret, scheme, host, header)| Use::Send {
            secret,
            scheme,
            host,
            header,
        });
    prop_oneof![
        2 => path().prop_map(Use::Read),
        2 => path().prop_map(Use::Write),
        4 => request,
        2 => connect,
        3 => run,
        1 => select(vec!["A", "B", "C"]).prop_map(Use::See),
        1 => send,
    ]
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_meet_allows_what_both_allow_and_no_more(
        a in permissions(), b in permissions(), used in vec(uses(), 32)
    ) {
        let both = a.meet(&b);
        for used in &used {
            prop_assert_eq!(
                any_allows(&both, used),
                allows(&a, used) && allows(&b, used),
                "{} and {}, meeting as {:?}: {:?}", a, b, both, used
            );
        }
    }

    #[test]
    fn a_meet_of_sets_allows_what_both_allow_and_no_more(
        a in sets(), b in sets(), used in vec(uses(), 32)
    ) {
        let both = a.meet(&b);
        for used in &used {
            prop_assert_eq!(any_allows(&both, used), any_allows(&a, used) && any_allows(&b, used));
        }
    }

    #[test]
    fn what_covers_allows_all_that_is_covered(
        a in permissions(), b in permissions(), used in vec(uses(), 32)
    ) {
        for used in &used {
            prop_assert!(!(a.covers(&b) && allows(&b, used)) || allows(&a, used));
        }
    }

    #[test]
    fn normal_form_allows_what_the_lines_allow(
        lines in vec(permissions(), 0..8), used in vec(uses(), 32)
    ) {
        let set = PermissionSet::new(lines.clone());
        for used in &used {
            prop_assert_eq!(any_allows(&set, used), any_allows(&lines, used));
        }
    }

    #[test]
    fn what_is_revoked_is_not_allowed(
        grants in sets(), revoked in sets(), used in vec(uses(), 32)
    ) {
        let left = grants.without(&revoked);
        for used in &used {
            if any_allows(&left, used) {
                prop_assert!(any_allows(&grants, used));
                // Revoked writing leaves reading; nothing else leaves anything.
                let only_reads = matches!(used, Use::Read(_));
                let revoked: Vec<_> = revoked
                    .iter()
                    .filter(|line| !(only_reads && line.kind() == PermissionKind::FilesystemWrite))
                    .collect();
                prop_assert!(!any_allows(revoked, used));
            }
        }
    }
}
