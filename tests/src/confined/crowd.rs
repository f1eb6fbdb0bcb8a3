//! Many processes of this program at once, each within its own bounds.

use std::env;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// Starts this program with these words, so many times at once, and says how many of them went well.
pub(super) fn of(count: usize, words: &[&str]) {
    let program = env::args().next().expect("the path that it was started by");
    let start = |_| {
        let mut command = Command::new(&program);
        command
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command.spawn().expect("it starts")
    };
    let mut all: Vec<Child> = (0..count).map(start).collect();
    // Each has what it wants when it says so, and keeps it until all have.
    for child in &mut all {
        let said = child.stdout.take().expect("its output is read");
        let _ = BufReader::new(said).read_line(&mut String::new());
    }
    let ended = all.into_iter().map(|mut child| child.wait());
    let well = ended.filter(|status| status.as_ref().is_ok_and(|status| status.success()));
    println!("{}", well.count());
}

/// Takes memory, says so, and keeps it until its input ends.
pub(super) fn hold(bytes: usize) {
    let held = black_box(vec![1_u8; bytes]);
    println!("here");
    let _ = io::stdin().read_to_end(&mut Vec::new());
    drop(black_box(held));
}

/// Computes until it is ended.
pub(super) fn spin() -> ! {
    println!("here");
    loop {
        black_box(());
    }
}
