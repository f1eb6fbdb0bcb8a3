//! Spellings of addresses, and names that lead to other addresses than they seem to.

use super::super::names::Names;
use super::super::server::Server;
use super::super::{Case, Stage, Verdict};
use super::get;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "spellings of 127.0.0.1",
        tries: "with the whole outside granted: decimal, octal, hexadecimal and short forms of 127.0.0.1",
        must: "each fails; nobody has connected",
        run: |stage| {
            outside_only(
                stage,
                &[
                    "127.0.0.1",
                    "2130706433",
                    "017700000001",
                    "0177.0.0.1",
                    "0x7f000001",
                    "0x7f.0.0.1",
                    "127.1",
                    "127.0.1",
                    "127.0.0.01",
                    "127.000.000.001",
                    "127.1.2.3",
                    "0.0.0.0",
                    "0",
                ],
            )
        },
    },
    Case {
        name: "addresses in addresses",
        tries: "the same in IPv6: mapped, compatible, NAT64, 6to4, Teredo, with a zone, the unspecified one",
        must: "each fails; nobody has connected",
        run: |stage| {
            outside_only(
                stage,
                &[
                    "[::1]",
                    "[::ffff:127.0.0.1]",
                    "[::ffff:7f00:1]",
                    "[::127.0.0.1]",
                    "[64:ff9b::7f00:1]",
                    "[64:ff9b:1::7f00:1]",
                    "[2002:7f00:1::]",
                    "[2001:0:7f00:1::]",
                    "[fe80::1%25lo]",
                    "[::]",
                    "[::1%lo]",
                ],
            )
        },
    },
    Case {
        name: "names of this machine",
        tries: "with the whole outside granted: `localhost`, `localhost.`, `LOCALHOST`, `x.localhost`, `ip6-localhost`",
        must: "each fails; nobody has connected",
        run: |stage| {
            outside_only(
                stage,
                &[
                    "localhost",
                    "localhost.",
                    "LOCALHOST",
                    "LocalHost.",
                    "localhost..",
                ],
            )
        },
    },
    Case {
        name: "rebinding",
        tries: "a name that is public when it is first looked up, and this machine the second time",
        must: "the first is dialled at the address that was judged, the second is denied; loopback is never dialled",
        run: |stage| {
            let server = Server::plain();
            let names =
                Names::leading_to(&server).name("rebind.example", &[&[PUBLIC], &["127.0.0.1"]]);
            let grants = ["network.external=http://rebind.example"];
            let first = names.get(stage, &grants, "http", "rebind.example", "/");
            first.ok()?;
            names
                .get(stage, &grants, "http", "rebind.example", "/")
                .was_denied()?;
            names.dialled_only(&["93.184.216.34:80"])
        },
    },
    Case {
        name: "one address among others",
        tries: "names with a public address and one of loopback, private, link-local, shared, mapped, NAT64, 6to4 or multicast",
        must: "each is denied and recorded; nothing is dialled",
        run: |stage| {
            let server = Server::plain();
            let grants = ["network.external=http://*:*"];
            for inside in [
                "127.0.0.1",
                "10.0.0.1",
                "172.16.0.1",
                "192.168.1.1",
                "169.254.1.1",
                "100.64.0.1",
                "0.0.0.0",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "fd00::1",
                "fe80::1",
                "ff02::1",
                "::ffff:10.0.0.1",
                "64:ff9b::a00:1",
                "2002:a00:1::",
            ] {
                let names = Names::leading_to(&server).name("mixed.example", &[&[PUBLIC, inside]]);
                let answer = names.get(stage, &grants, "http", "mixed.example", "/");
                answer
                    .was_denied()
                    .map_err(|why| format!("{inside}: {why}"))?;
                names.dialled_only(&[])?;
            }
            Ok(())
        },
    },
    Case {
        name: "cloud metadata",
        tries: "with everything granted, inside and outside: the metadata services, by address, mapped, and by a name",
        must: "each is denied and recorded; nothing is dialled",
        run: |stage| {
            let server = Server::plain();
            let grants = ["network.external=http://*:*", "network.internal=http://*:*"];
            let names = Names::leading_to(&server)
                .name("metadata.example", &[&["169.254.169.254"]])
                .name("metadata.google.internal", &[&["169.254.169.254"]]);
            for authority in [
                "169.254.169.254",
                "[::ffff:169.254.169.254]",
                "[::ffff:a9fe:a9fe]",
                "[64:ff9b::a9fe:a9fe]",
                "[fd00:ec2::254]",
                "100.100.100.200",
                "metadata.example",
                "metadata.google.internal",
                "METADATA.google.internal.",
            ] {
                let answer = names.get(stage, &grants, "http", authority, "/latest/meta-data/");
                answer
                    .was_denied()
                    .map_err(|why| format!("{authority}: {why}"))?;
            }
            names.dialled_only(&[])
        },
    },
];

const PUBLIC: &str = "93.184.216.34";

/// With only the outside granted, none of these hosts leads to a server of this machine.
fn outside_only(stage: &mut Stage<'_>, hosts: &[&str]) -> Verdict {
    let server = Server::plain();
    stage.grant(&["network.external=http://*:*"]);
    for host in hosts {
        let answer = get(stage, &format!("{host}:{}", server.port()), "/");
        answer.failed().map_err(|why| format!("{host}: {why}"))?;
    }
    server.heard_nothing()
}
