//! `claw receipts`: what ran, found again and summed up.

use claw_tests::TestEnv;
use claw_tests::packages::TestPackage;

/// One receipt as a program that embeds the host would have left it.
fn line(time: &str, action: &str, outcome: &str, refused: &str) -> String {
    let digest = format!("sha256:{}", "0".repeat(64));
    format!(
        "{{\"v\":1,\"time\":\"{time}\",\"skill\":\"acme/old\",\"version\":\"1.0.0\",\"component\":\"{digest}\",\
         \"action\":\"{action}\",\"input\":\"{digest}\",\"result\":null,\"grants\":\"{digest}\",\
         \"calls\":{{\"filesystem\":0,\"log\":0,\"wasi\":0}},\"refused\":{{{refused}}},\"duration_us\":1000,\
         \"memory_bytes\":65536,\"outcome\":\"{outcome}\"}}\n"
    )
}

#[test]
fn every_call_is_found_again_by_what_it_was() {
    let env = TestEnv::pinned();
    env.claw("receipts").ok().says("no such receipts");
    assert_eq!(env.claw("receipts --json").ok().stdout.trim(), "[]");
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/probe acme/x --no-grants").ok();
    env.claw("run acme/x echo text=a").ok();
    env.claw("run acme/x ecko text=a").exits(5);
    env.claw("run acme/probe read path=secret.txt").exits(3);

    let count = |words: &str| {
        let list = env.claw(&format!("receipts --json {words}")).ok().json();
        list.as_array().expect("a list").len()
    };
    assert_eq!(count(""), 3);
    for (words, expected) in [
        ("--skill @acme/x", 2),
        ("--skill acme/probe", 1),
        ("--action echo", 1),
        ("--outcome ok", 1),
        ("--outcome unknown-action", 1),
        ("--denied", 1),
        ("--skill acme/x --denied", 0),
        ("--last 2", 2),
        ("--since 1h", 3),
        ("--until 1h", 0),
        ("--since 2020-01-01 --until 2021-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(count(words), expected, "{words}");
    }
    let shown = env.claw("receipts --denied").ok();
    assert!(
        shown.stdout.contains("acme/probe@0.1.0  read  "),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.contains("denied: filesystem.read 1×"),
        "{}",
        shown.stdout
    );
    for wrong in ["--outcome fine", "--since yesterday", "--last 0"] {
        env.claw(&format!("receipts {wrong}")).exits(2);
    }
}

#[test]
fn rotated_files_and_cut_lines_are_read_and_summed_up() {
    let env = TestEnv::new();
    let folder = env.agent.home.join("receipts");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let denied = line(
        "2026-01-03T00:00:00.000Z",
        "read",
        "action-error",
        "\"filesystem.read\":2",
    );
    let newest = denied + &line("2026-01-04T00:00:00.000Z", "read", "ok", "");
    let cut = &line("2026-01-05T00:00:00.000Z", "read", "ok", "")[..100];
    for (file, text) in [
        (
            "receipts.2.jsonl",
            line("2026-01-01T00:00:00.000Z", "read", "ok", ""),
        ),
        (
            "receipts.1.jsonl",
            line("2026-01-02T00:00:00.000Z", "write", "trap", ""),
        ),
        ("receipts.jsonl", newest + cut),
    ] {
        std::fs::write(folder.join(file), text).expect("written");
    }
    let run = env.claw("receipts").ok().says("1 lines are no receipts");
    let times: Vec<_> = run
        .stdout
        .lines()
        .filter_map(|line| line.get(..10))
        .collect();
    assert_eq!(
        times,
        ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
    );

    let summary = env.claw("receipts --summary --json").ok().json();
    let total = &summary["total"];
    assert_eq!(
        (&total["calls"], &total["failures"], &total["denials"]),
        (&4.into(), &2.into(), &2.into())
    );
    assert_eq!(summary["groups"][0]["action"], "read");
    assert_eq!(summary["groups"][0]["duration_us"], 3_000);
    let summary = env
        .claw("receipts --summary --since 2026-01-02 --until 2026-01-04")
        .ok();
    let rows: Vec<Vec<_>> = summary
        .stdout
        .lines()
        .map(|row| row.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[0],
        [
            "skill", "action", "calls", "failed", "denied", "time", "mean", "longest"
        ]
    );
    assert_eq!(rows[1][..5], ["acme/old", "read", "1", "1", "2"]);
    assert_eq!(rows[3][..4], ["all", "2", "2", "2"]);
}
