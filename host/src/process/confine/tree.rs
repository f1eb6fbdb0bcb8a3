//! The program that the kernel runs for each system call of a child: a search for its number, in a few steps.
//!
//! When a filter is put in force the kernel runs it once for every number that there is, to remember which are
//! always allowed. A list of comparisons, one after the other, makes that a good part of a child's start.

use seccompiler::sock_filter;

/// Where the parts of what is judged are: the number, the processor, the two halves of each argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const IF_ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

/// The processor as the kernel calls it. Both have the lower half of an argument first.
#[cfg(target_arch = "x86_64")]
const THIS_ARCHITECTURE: Option<u32> = Some(0xc000_003e);
#[cfg(target_arch = "aarch64")]
const THIS_ARCHITECTURE: Option<u32> = Some(0xc000_00b7);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const THIS_ARCHITECTURE: Option<u32> = None;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// It fails with this number, and nothing else happens.
    Fails(i32),
    /// It depends on its arguments: it fails with `EPERM` where any of these holds.
    FailsIf(&'static [Condition]),
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The whole of it is not zero.
    Given(u32),
    /// Its lower half, of which only the bits of the mask count, is this.
    Is(u32, u32, u32),
    /// Its lower half is anything else.
    IsNot(u32, u32),
    /// Its lower half has any of these bits.
    HasAny(u32, u32),
}

/// The whole program: `verdicts` are those from their number on, up to the next one's, sorted and from zero on. None
/// for a processor that nobody wrote the numbers down for, and for a tree that is too wide for its jumps.
pub(super) fn program(verdicts: &[(u32, Verdict)]) -> Option<Vec<sock_filter>> {
    let mut program = vec![
        step(LOAD, ARCHITECTURE),
        branch(IF_EQUAL, THIS_ARCHITECTURE?, 1, 0),
        step(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
        step(LOAD, NUMBER),
    ];
    program.extend(search(verdicts)?);
    Some(program)
}

/// Halves what is left, until one is.
fn search(verdicts: &[(u32, Verdict)]) -> Option<Vec<sock_filter>> {
    let middle = verdicts.len() / 2;
    match verdicts {
        [] => None,
        [(_, verdict)] => Some(leaf(*verdict)),
        _ => {
            let (below, above) = verdicts.split_at(middle);
            let (first, _) = above.first()?;
            let (below, above) = (search(below)?, search(above)?);
            // A conditional jump has a byte, the other has a word.
            let mut steps = match u8::try_from(below.len()) {
                Ok(length) => vec![branch(IF_AT_LEAST, *first, length, 0)],
                Err(_) => vec![
                    branch(IF_AT_LEAST, *first, 0, 1),
                    step(JUMP, u32::try_from(below.len()).ok()?),
                ],
            };
            steps.extend(below);
            steps.extend(above);
            Some(steps)
        }
    }
}

fn leaf(verdict: Verdict) -> Vec<sock_filter> {
    match verdict {
        Verdict::Allowed => vec![step(RETURN, libc::SECCOMP_RET_ALLOW)],
        Verdict::Fails(error) => vec![fails(error)],
        Verdict::FailsIf(conditions) => {
            let mut steps: Vec<_> = conditions.iter().flat_map(holds).collect();
            steps.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
            steps
        }
    }
}

/// Ends with `EPERM` if it holds, and goes on behind itself if not.
fn holds(condition: &Condition) -> Vec<sock_filter> {
    let refuse = fails(libc::EPERM);
    let lower = |argument: u32| step(LOAD, ARGUMENTS + 8 * argument);
    match *condition {
        Condition::Given(argument) => vec![
            lower(argument),
            branch(IF_EQUAL, 0, 0, 2),
            step(LOAD, ARGUMENTS + 8 * argument + 4),
            branch(IF_EQUAL, 0, 1, 0),
            refuse,
        ],
        Condition::Is(argument, mask, value) => vec![
            lower(argument),
            step(AND, mask),
            branch(IF_EQUAL, value, 0, 1),
            refuse,
        ],
        Condition::IsNot(argument, value) => {
            vec![lower(argument), branch(IF_EQUAL, value, 1, 0), refuse]
        }
        Condition::HasAny(argument, bits) => {
            vec![lower(argument), branch(IF_ANY_BIT, bits, 0, 1), refuse]
        }
    }
}

fn fails(error: i32) -> sock_filter {
    let error = error.cast_unsigned() & libc::SECCOMP_RET_DATA;
    step(RETURN, libc::SECCOMP_RET_ERRNO | error)
}

fn step(code: u16, k: u32) -> sock_filter {
    branch(code, k, 0, 0)
}

fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What the kernel would answer, and in how many steps.
    pub(crate) fn run(
        program: &[sock_filter],
        number: u32,
        arguments: [u64; 6],
        architecture: u32,
    ) -> (u32, usize) {
        let half = |offset: u32| {
            let (index, is_upper) = ((offset - ARGUMENTS) / 8, offset % 8 == 4);
            let argument = arguments[index as usize];
            let half = if is_upper { argument >> 32 } else { argument };
            half as u32
        };
        let (mut at, mut steps, mut value) = (0, 0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            (at, steps) = (at + 1, steps + 1);
            let jump = |holds: bool| usize::from(if holds { jt } else { jf });
            match code {
                LOAD if k == NUMBER => value = number,
                LOAD if k == ARCHITECTURE => value = architecture,
                LOAD => value = half(k),
                AND => value &= k,
                JUMP => at += k as usize,
                IF_EQUAL => at += jump(value == k),
                IF_AT_LEAST => at += jump(value >= k),
                IF_ANY_BIT => at += jump(value & k != 0),
                RETURN => return (k, steps),
                _ => panic!("unknown step {code}"),
            }
        }
    }

    pub(crate) fn here(program: &[sock_filter], number: u32, arguments: [u64; 6]) -> u32 {
        run(program, number, arguments, THIS_ARCHITECTURE.unwrap()).0
    }

    const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;
    const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();

    #[test]
    fn a_wide_tree_finds_every_number_in_few_steps() {
        let verdicts: Vec<_> = (0..1000)
            .map(|number| match number % 2 {
                0 => (number, Verdict::Allowed),
                _ => (number, Verdict::Fails(libc::EPERM)),
            })
            .collect();
        let program = program(&verdicts).unwrap();
        for number in 0..1000 {
            let wanted = if number % 2 == 0 { ALLOWED } else { REFUSED };
            let architecture = THIS_ARCHITECTURE.unwrap();
            let (found, steps) = run(&program, number, [0; 6], architecture);
            assert_eq!(found, wanted, "{number}");
            assert!(steps < 20, "{number} takes {steps} steps");
        }
        let (other, _) = run(&program, 0, [0; 6], 3);
        assert_eq!(other, libc::SECCOMP_RET_KILL_PROCESS);
    }

    #[test]
    fn conditions_look_at_their_argument() {
        for (condition, refused, allowed) in [
            (Condition::Given(1), &[1, 1 << 32, u64::MAX][..], &[0][..]),
            (
                Condition::Is(1, 0xf, 2),
                &[2, 0x12, 0x8000_0002],
                &[0, 1, 3, 0x11],
            ),
            (
                Condition::IsNot(1, 1),
                &[0, 2, 0x1_0000_0000],
                &[1, 0x1_0000_0001],
            ),
            (
                Condition::HasAny(1, 0x30),
                &[0x10, 0x20, 0xff],
                &[0, 0x0f, 0x40],
            ),
        ] {
            let conditions: &'static [Condition] = Box::leak(Box::new([condition]));
            let program = program(&[(0, Verdict::FailsIf(conditions))]).unwrap();
            let says = |value| here(&program, 0, [7, value, 7, 7, 7, 7]);
            for value in refused {
                assert_eq!(says(*value), REFUSED, "{condition:?} {value:x}");
            }
            for value in allowed {
                assert_eq!(says(*value), ALLOWED, "{condition:?} {value:x}");
            }
        }
    }
}
