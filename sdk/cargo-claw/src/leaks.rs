//! Secrets that must never be published: what is told from its form alone, with hardly a false alarm.
//!
//! Refused is what nobody can have meant to publish. A rule matches a form that only real secrets have (a prefix that its
//! maker chose for scanners, an exact length, a checksum); what is only likely to be a secret is for
//! [`crate::strays`] to warn of. The secret itself is never shown, nor any part of it.

use std::sync::LazyLock;

use claw_package::PackFile;
use claw_registry_api::secret;
use regex::bytes::{Match, Regex};

use crate::failure::{Failure, Kind, Outcome};

/// Fewer different characters than this are a placeholder: `ghp_xxxxxxxx…`. Of 20 random ones, hardly ever
/// less than 10 differ.
const DIFFERENT_CHARACTERS_MIN: usize = 10;

/// What it is, its form, and why that is told for certain.
struct Rule {
    what: &'static str,
    form: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the table"))]
    because: &'static str,
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { what: "a private key", form: r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s(?:[A-Za-z-]+: [^\n]*\n)*\s*[A-Za-z0-9+/=]{32}",
           because: "PEM and PGP blocks begin like this, and a block without a body is an example" },
    Rule { what: "a PuTTY private key", form: r"PuTTY-User-Key-File-[23]: [a-z0-9-]+",
           because: "only a file with a private key begins like this" },
    Rule { what: "an age secret key", form: r"\bAGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}\b",
           because: "Bech32 with a prefix that says what it is" },
    Rule { what: "an AWS access key", form: r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
           because: "base 32 of one length after a prefix; what ends in EXAMPLE is from the documentation" },
    Rule { what: "a GitHub token", form: r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
           because: "prefixes made for scanners, with one length each" },
    Rule { what: "a GitLab token", form: r"\bglpat-[A-Za-z0-9_-]{20,}",
           because: "a prefix made for scanners" },
    Rule { what: "a Slack token", form: r"\bxox[abeoprs]-[0-9]{10,13}-[A-Za-z0-9-]{16,}",
           because: "the prefix and the number of a workspace" },
    Rule { what: "a Slack webhook", form: r"https://hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{24}",
           because: "whoever has the address can post, and this is its exact form" },
    Rule { what: "a Google API key", form: r"\bAIza[A-Za-z0-9_-]{35}\b",
           because: "a prefix and one length" },
    Rule { what: "a Stripe live key", form: r"\b[rs]k_live_[A-Za-z0-9]{24,}",
           because: "the prefix tells live keys from those of tests" },
    Rule { what: "an npm token", form: r"\bnpm_[A-Za-z0-9]{36}\b",
           because: "a prefix made for scanners, and one length" },
    Rule { what: "a PyPI token", form: r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
           because: "every one holds the name of the site, encoded" },
    Rule { what: "a crates.io token", form: r"\bcio[A-Za-z0-9]{32}\b",
           because: "a prefix made for scanners, and one length" },
    Rule { what: "a Docker token", form: r"\bdckr_pat_[A-Za-z0-9_-]{27}",
           because: "a prefix made for scanners" },
    Rule { what: "a DigitalOcean token", form: r"\bdo[opr]_v1_[a-f0-9]{64}\b",
           because: "a prefix made for scanners, and one length" },
    Rule { what: "a SendGrid key", form: r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b",
           because: "two parts of exact lengths after a prefix" },
    Rule { what: "an Anthropic key", form: r"\bsk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{80,}",
           because: "a prefix made for scanners" },
    Rule { what: "an OpenAI key", form: r"\bsk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}",
           because: "every one has the maker's name, encoded, in its middle" },
    Rule { what: "a Hugging Face token", form: r"\bhf_[A-Za-z]{34}\b",
           because: "a prefix made for scanners, and one length" },
    Rule { what: "a token of a claw registry", form: r"\bclaw_[a-z]+_[A-Za-z0-9]{38}\b",
           because: "its checksum is looked at, so an invented one does not match" },
];

static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let forms = RULES.iter().map(|rule| Regex::new(rule.form));
    forms
        .collect::<Result<_, _>>()
        .expect("the table is compiled by a test")
});

/// Refuses a package with a secret in it, naming every place.
pub(crate) fn refuse(files: &[PackFile], component: &[u8]) -> Outcome {
    let in_files = files
        .iter()
        .flat_map(|file| found(&file.bytes).map(|(what, at)| place(file, what, at)));
    let in_component = found(component).map(|(what, at)| format!("skill.wasm, byte {at}: {what}"));
    let mut places: Vec<String> = in_files.chain(in_component).collect();
    places.dedup();
    if places.is_empty() {
        return Ok(());
    }
    let message = format!("a secret would be published\n    {}", places.join("\n    "));
    Err(Failure::new(Kind::Check, message).hint(
        "remove it, and replace the secret where it is used: what was in a file once may be elsewhere already",
    ))
}

fn place(file: &PackFile, what: &str, at: usize) -> String {
    let line = 1 + file.bytes[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count();
    format!("{}:{line}: {what}", file.path)
}

/// What is found, and where it begins.
fn found(bytes: &[u8]) -> impl Iterator<Item = (&'static str, usize)> {
    let rules = RULES.iter().zip(FORMS.iter());
    rules.flat_map(move |(rule, form)| {
        form.find_iter(bytes)
            .filter(is_real)
            .map(|found| (rule.what, found.start()))
    })
}

/// Whether it is neither a placeholder nor the example of a documentation, nor a claw token that no registry made.
fn is_real(found: &Match<'_>) -> bool {
    let bytes = found.as_bytes();
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[*byte as usize] = true);
    let different = seen.iter().filter(|seen| **seen).count();
    let is_claw = bytes.starts_with(b"claw_");
    let has_checksum = || std::str::from_utf8(bytes).is_ok_and(secret::has_form);
    different >= DIFFERENT_CHARACTERS_MIN
        && !bytes.ends_with(b"EXAMPLE")
        && (!is_claw || has_checksum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> PackFile {
        PackFile {
            path: path.to_owned(),
            bytes: text.as_bytes().to_vec(),
            executable: false,
        }
    }

    /// Random characters of that many, made here so that no scanner finds them in this file.
    fn random(count: usize) -> String {
        "Ab3Cd4Ef5Gh6Ij7Kl2Mn".chars().cycle().take(count).collect()
    }

    #[test]
    fn every_rule_finds_its_secret_and_names_the_line_without_showing_it() {
        let (r, upper) = (random, random(200).to_ascii_uppercase());
        let secrets = [
            (
                "a private key",
                format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n", r(70)),
            ),
            (
                "a private key",
                format!(
                    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{}\n",
                    r(64)
                ),
            ),
            (
                "a private key",
                format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}\n", r(64)),
            ),
            (
                "a PuTTY private key",
                "PuTTY-User-Key-File-3: ssh-ed25519".to_owned(),
            ),
            (
                "an age secret key",
                format!(
                    "AGE-SECRET-KEY-1{}",
                    "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
                        .repeat(2)
                        .get(..58)
                        .unwrap()
                ),
            ),
            ("an AWS access key", format!("AKIA{}", "ABCDEFGH234567QR")),
            ("a GitHub token", format!("ghp_{}", r(36))),
            ("a GitHub token", format!("github_pat_{}_{}", r(22), r(59))),
            ("a GitLab token", format!("glpat-{}", r(20))),
            ("a Slack token", format!("xoxb-123456789012-{}", r(24))),
            (
                "a Slack webhook",
                format!(
                    "https://hooks.slack.com/services/T{}/B{}/{}",
                    &upper[..9],
                    &upper[..9],
                    r(24)
                ),
            ),
            ("a Google API key", format!("AIza{}", r(35))),
            ("a Stripe live key", format!("sk_live_{}", r(24))),
            ("an npm token", format!("npm_{}", r(36))),
            ("a PyPI token", format!("pypi-AgEIcHlwaS5vcmc{}", r(60))),
            ("a crates.io token", format!("cio{}", r(32))),
            ("a Docker token", format!("dckr_pat_{}", r(27))),
            (
                "a DigitalOcean token",
                format!("dop_v1_{}", "0123456789abcdef".repeat(4)),
            ),
            ("a SendGrid key", format!("SG.{}.{}", r(22), r(43))),
            ("an Anthropic key", format!("sk-ant-api03-{}", r(93))),
            (
                "an OpenAI key",
                format!("sk-proj-{}T3BlbkFJ{}", r(20), r(20)),
            ),
            (
                "a Hugging Face token",
                format!("hf_{}", "AbCdEfGhIjKlMnOpQr".repeat(2).get(..34).unwrap()),
            ),
        ];
        for (what, secret) in &secrets {
            let text = format!("first\nkey = \"{secret}\"\n");
            let refused = refuse(&[file("assets/a.txt", &text)], b"")
                .unwrap_err()
                .one_line();
            assert!(
                refused.contains(&format!("assets/a.txt:2: {what}")),
                "{refused}"
            );
            assert!(!refused.contains(&secret[secret.len() - 8..]), "{refused}");
        }
        let tried: Vec<_> = secrets.iter().map(|(what, _)| *what).collect();
        let rest: Vec<_> = RULES
            .iter()
            .filter(|rule| !tried.contains(&rule.what))
            .collect();
        assert_eq!(
            rest.len(),
            1,
            "the one with the checksum has a test of its own"
        );
        assert!(RULES.iter().all(|rule| !rule.because.is_empty()));
    }

    #[test]
    fn a_claw_token_is_one_by_its_checksum() {
        let said = format!("claw_publish_{}", random(secret::RANDOM_CHARACTERS));
        let token = format!("{said}{}", secret::checksum(&said));
        let refused = refuse(&[file("README.md", &token)], b"").unwrap_err();
        assert!(
            refused
                .one_line()
                .contains("README.md:1: a token of a claw registry")
        );
        let invented = format!("{said}000000");
        assert!(refuse(&[file("README.md", &invented)], b"").is_ok());
    }

    #[test]
    fn a_secret_in_the_component_is_found_too() {
        let component = format!("\0asm....{}", format_args!("ghp_{}", random(36)));
        let refused = refuse(&[], component.as_bytes()).unwrap_err();
        assert!(
            refused
                .one_line()
                .contains("skill.wasm, byte 8: a GitHub token")
        );
    }

    #[test]
    fn examples_placeholders_and_talk_of_secrets_are_no_secrets() {
        let text = format!(
            "AKIAIOSFODNN7EXAMPLE\nghp_{}\nghp_short\n-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n\
             -----BEGIN PUBLIC KEY-----\n{}\nexport TOKEN=$GITHUB_TOKEN\nsk_test_{}\nclaw_publish_…\n",
            "x".repeat(36),
            random(64),
            random(24)
        );
        refuse(&[file("README.md", &text)], text.as_bytes()).unwrap();
    }
}
