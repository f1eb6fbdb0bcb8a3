//! The algebra held against what it is for: single uses of power, and whether lines allow them.
//!
//! The model knows no meet and no cover. It asks of one use at a time whether one line allows it, as
//! a person would read the line, so that an algebra that is consistent and wrong is found out.

use std::net::IpAddr;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;

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

/// Every use in a small world, the one that the lines are generated from and a little around it.
static WORLD: LazyLock<Vec<Use>> = LazyLock::new(|| {
    const HOSTS: [&str; 6] = ["a.b", "c.a.b", "d.c.a.b", "xa.b", "10.0.0.1", "::1"];
    const SCHEMES: [&str; 2] = ["http", "https"];
    let mut world = Vec::new();
    for path in ["a", "a/b", "a/b/c", "a/b/c/d", "a/bc", "ab", "b", "c"] {
        world.extend([Use::Read(path), Use::Write(path)]);
    }
    for (scheme, host) in pairs(&SCHEMES, &HOSTS) {
        for (method, port) in pairs(&["GET", "POST", "PUT"], &[80, 443, 8080]) {
            for path in ["/", "/v1", "/v1/x/y", "/v10"] {
                world.extend([false, true].map(|internal| Use::Request {
                    internal,
                    method,
                    scheme,
                    host,
                    port,
                    path,
                }));
            }
        }
        for (secret, header) in pairs(&["A", "B"], &["x", "y"]) {
            world.push(Use::Send {
                secret,
                scheme,
                host,
                header,
            });
        }
    }
    let addresses = [
        "10.1.2.3", "10.1.9.9", "10.2.0.1", "8.8.8.8", "fd00::1", "fd00::2", "2001::1",
    ];
    for (address, port) in pairs(&addresses, &[22, 443, 80]) {
        world.push(Use::Connect(address.parse().expect("an address"), port));
    }
    let words = ["log", "-v", "*", "a b", "it's", "", "other"];
    for program in ["git", "/bin/ls", "my tool", "rm"] {
        world.push(Use::Run(vec![program]));
        world.extend(words.map(|word| Use::Run(vec![program, word])));
        for (one, two) in pairs(&words, &words) {
            world.push(Use::Run(vec![program, one, two]));
            world.push(Use::Run(vec![program, one, two, "log"]));
        }
    }
    world.extend(["A", "B", "C"].map(Use::See));
    world
});

fn pairs<A: Copy, B: Copy>(ones: &[A], others: &[B]) -> Vec<(A, B)> {
    let all = ones
        .iter()
        .flat_map(|one| others.iter().map(move |other| (*one, *other)));
    all.collect()
}

/// What of the world the lines allow together.
fn allowed<'a>(lines: impl IntoIterator<Item = &'a Permission>) -> Vec<bool> {
    let lines: Vec<_> = lines.into_iter().collect();
    let any = |used: &Use| lines.iter().any(|line| allows(line, used));
    WORLD.iter().map(any).collect()
}

/// What the line itself answers when a host asks of a use. None of what no host asks this way.
fn answer(line: &Permission, used: &Use) -> Option<bool> {
    let written = |host: &str| match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    };
    Some(match used {
        Use::Request {
            internal,
            method,
            scheme,
            host,
            port,
            path,
        } => {
            let authority = format!("{}:{port}", written(host));
            let target = HttpTarget::parse(scheme, &authority, path).expect("a target");
            match (line, internal) {
                (Permission::NetworkExternal(scope), false)
                | (Permission::NetworkInternal(scope), true) => scope.allows(method, &target),
                _ => false,
            }
        }
        Use::Connect(address, port) => match line {
            Permission::NetworkTcp(scope) => scope.allows(*address, *port),
            _ => false,
        },
        Use::Send {
            secret,
            scheme,
            host,
            header,
        } => {
            let target = HttpTarget::parse(scheme, &written(host), "/").expect("a target");
            match line {
                Permission::Secret(scope) => {
                    scope.name().as_str() == *secret
                        && scope.allows(target.scheme(), target.host(), header)
                }
                _ => false,
            }
        }
        Use::Read(_) | Use::Write(_) | Use::Run(_) | Use::See(_) => return None,
    })
}

/// Where two answers differ: nowhere, if they should be equal.
fn first_difference(left: &[bool], right: &[bool]) -> Option<&'static Use> {
    let place = left.iter().zip(right).position(|(a, b)| a != b)?;
    Some(&WORLD[place])
}

fn both(left: &[bool], right: &[bool]) -> Vec<bool> {
    left.iter().zip(right).map(|(a, b)| *a && *b).collect()
}

fn is_within(narrow: &[bool], wide: &[bool]) -> bool {
    narrow
        .iter()
        .zip(wide)
        .all(|(narrow, wide)| *wide || !narrow)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_meet_allows_what_both_allow_and_no_more(lines in vec(permissions(), 24)) {
        let allowing: Vec<_> = lines.iter().map(|line| allowed([line])).collect();
        for (i, a) in lines.iter().enumerate() {
            for (j, b) in lines.iter().enumerate().skip(i + 1) {
                let meet = a.meet(b);
                let wrong = first_difference(&allowed(&meet), &both(&allowing[i], &allowing[j]));
                prop_assert!(wrong.is_none(), "{} and {} meet as {:?}: {:?}", a, b, meet, wrong);
                prop_assert!(!a.covers(b) || is_within(&allowing[j], &allowing[i]), "{} and {}", a, b);
                prop_assert!(!b.covers(a) || is_within(&allowing[i], &allowing[j]), "{} and {}", a, b);
            }
        }
    }

    #[test]
    fn a_line_answers_of_a_use_as_a_person_reads_it(line in permissions()) {
        for used in WORLD.iter() {
            if let Some(answer) = answer(&line, used) {
                prop_assert_eq!(answer, allows(&line, used), "{} of {:?}", line, used);
            }
        }
    }

    #[test]
    fn sets_meet_and_join_as_what_they_allow(a in sets(), b in sets()) {
        let (of_a, of_b) = (allowed(&a), allowed(&b));
        prop_assert_eq!(allowed(&a.meet(&b)), both(&of_a, &of_b));
        let either: Vec<bool> = of_a.iter().zip(&of_b).map(|(a, b)| *a || *b).collect();
        prop_assert_eq!(allowed(&a.union(&b)), either);
    }

    #[test]
    fn normal_form_allows_what_the_lines_allow(lines in vec(permissions(), 0..16)) {
        let wrong = first_difference(&allowed(&PermissionSet::new(lines.clone())), &allowed(&lines));
        prop_assert!(wrong.is_none(), "{:?}: {:?}", lines, wrong);
    }

    #[test]
    fn what_is_revoked_is_not_allowed(grants in sets(), revoked in sets()) {
        let left = allowed(&grants.without(&revoked));
        prop_assert!(is_within(&left, &allowed(&grants)));
        // Revoked writing leaves reading; nothing else leaves anything.
        let writing = |line: &&Permission| line.kind() == PermissionKind::FilesystemWrite;
        let writes = allowed(revoked.iter().filter(writing));
        let others = allowed(revoked.iter().filter(|line| !writing(line)));
        for (place, used) in WORLD.iter().enumerate().filter(|(place, _)| left[*place]) {
            let read_on = matches!(used, Use::Read(_));
            prop_assert!(!others[place] && (read_on || !writes[place]), "{:?}", used);
        }
    }
}
