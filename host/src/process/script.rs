//! Answers in place of real programs, for tests of skills: the command is checked as ever, and nothing is run.

use super::Processes;
use super::command::shown;
use super::config::Script;
use super::prepare::Fault;

impl Processes {
    /// The next answer to a command. The last of several for the same command is given again and again.
    pub(super) fn scripted(&mut self, argv: &[String]) -> Result<Script, Fault> {
        let scripts = self.programs.scripts.as_deref().unwrap_or_default();
        let answers: Vec<&Script> = scripts
            .iter()
            .filter(|script| script.argv == argv)
            .collect();
        let asked = self.answers.entry(argv.to_vec()).or_default();
        let answer = answers.get(*asked).or_else(|| answers.last());
        *asked += 1;
        answer
            .map(|script| (*script).clone())
            .ok_or_else(|| Fault::NotFound(format!("the test has no answer to {}", shown(argv))))
    }
}
