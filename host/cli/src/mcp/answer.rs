//! What a client is told about a call.
//!
//! A denial names the kind of permission that is missing and says whose it is to give. The command
//! that gives it is told to the operator on stderr, and never to a client.

use claw_host::{Denial, Outcome as Ended, Report};
use claw_package::Action;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};

use super::tools;
use crate::ending::{Actor, error_text};
use crate::failure::{Failure, Kind};

/// The result of a call that ended.
pub(super) fn of_report(action: &Action, actor: &Actor, report: &Report) -> CallToolResult {
    let mut result = match (&report.outcome, actor.judge(report)) {
        (_, Ok(value)) => {
            let mut result = CallToolResult::success(vec![ContentBlock::text(text_of(&value))]);
            result.structured_content = tools::structured(&action.output_schema, &value);
            result
        }
        (Ended::ActionError(error), Err(_)) => {
            let mut result = CallToolResult::error(vec![ContentBlock::text(error_text(error))]);
            result.structured_content =
                Some(json!({"error": {"code": report.outcome.code(), "value": error}}));
            result
        }
        (_, Err(failure)) => error(report.outcome.code(), &failure),
    };
    if !report.denials.is_empty() {
        result
            .content
            .push(ContentBlock::text(denials_text(&report.denials)));
        if let Some(Value::Object(fields)) = result
            .structured_content
            .as_mut()
            .filter(|_| result.is_error == Some(true))
        {
            let denials = report.denials.iter().map(|denial| {
                let reason = denial.reason.to_string();
                json!({"permission": denial.kind, "what": denial.what, "reason": reason})
            });
            fields.insert("denials".to_owned(), denials.collect());
        }
    }
    result
}

/// The result of a call that was not made.
pub(super) fn of_failure(failure: &Failure) -> CallToolResult {
    error(failure.kind.code(), failure)
}

fn error(code: &str, failure: &Failure) -> CallToolResult {
    // What went wrong inside claw is for the operator, who reads stderr.
    let message = if failure.kind == Kind::Bug {
        "claw failed; its operator can see why".to_owned()
    } else {
        failure.one_line()
    };
    let mut result = CallToolResult::error(vec![ContentBlock::text(&message)]);
    let mut error = json!({"code": code, "message": message});
    if let Some(seconds) = failure.retry_after_s() {
        error["retry_after_s"] = seconds.into();
    }
    result.structured_content = Some(json!({ "error": error }));
    result
}

/// Text as it is; everything else as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn denials_text(denials: &[Denial]) -> String {
    let mut lines: Vec<_> = denials
        .iter()
        .map(|denial| format!("denied ({}): {denial}", denial.kind))
        .collect();
    lines
        .push("Only the operator of this server can grant more; no tool or client can.".to_owned());
    lines.join("\n")
}
