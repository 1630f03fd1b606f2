//! What the command tells people.

use std::fmt::Write as _;

use serde_json::Value;

/// One line a letter.
pub(super) fn list(letters: &[&Value]) -> String {
    let width = letters.iter().map(|letter| word(&letter["name"]).len()).max().unwrap_or(0);
    let mut text = String::new();
    for letter in letters {
        let (name, at, reason) =
            (word(&letter["name"]), word(&letter["refused_at"]), word(&letter["reason"]));
        line(&mut text, format_args!("{name:width$}  {at}  {reason}"));
    }
    match letters.len() {
        0 => line(&mut text, format_args!("there is no dead letter")),
        n => line(
            &mut text,
            format_args!(
                "{}; what is in one, personal data too, is told by `show` alone",
                counted(n as u64)
            ),
        ),
    }
    finished(&text)
}

/// All of a letter.
pub(super) fn letter(shown: &Value) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("{}: {}", word(&shown["name"]), word(&shown["reason"])));
    for (title, value) in [
        ("why", &shown["message"]),
        ("received", &shown["received_at"]),
        ("refused", &shown["refused_at"]),
        ("messageId", &shown["message_id"]),
        ("visitor", &shown["visitor"]),
        ("request to", &shown["request"]["url"]),
    ] {
        if !word(value).is_empty() {
            line(&mut text, format_args!("{title}: {}", word(value)));
        }
    }
    steps(&mut text, &shown["trace"]);
    part(&mut text, "request", word(&shown["request"]["body"]));
    let status = shown["answer"]["status"].as_u64().map(|status| format!("answer, {status}"));
    part(&mut text, status.as_deref().unwrap_or("answer"), word(&shown["answer"]["body"]));
    part(&mut text, "event", &format!("{:#}", shown["event"]));
    finished(&text)
}

/// What would become of an event.
pub(super) fn dry_run(run: &Value) -> String {
    let mut text = String::new();
    match word(&run["outcome"]) {
        "sent" => line(&mut text, format_args!("it would be sent; nothing was")),
        why => line(&mut text, format_args!("it would not be sent: {why}")),
    }
    steps(&mut text, &run["trace"]);
    if run["body"].is_object() {
        part(&mut text, "body", &format!("{:#}", run["body"]));
    }
    finished(&text)
}

/// What was replayed.
pub(super) fn replayed(done: &Value, served: bool) -> String {
    let replayed = counted(count(done, "replayed"));
    let when = if served { "now" } else { "as soon as the server runs" };
    let mut text = format!("{replayed} to be delivered once more, {when}");
    let left = count(done, "not_configured");
    if left > 0 {
        let left = counted(left);
        let _ = write!(text, "\n{left} left: their destination is no longer configured");
    }
    text
}

/// What was removed.
pub(super) fn purged(done: &Value) -> String {
    format!("{} removed", counted(count(done, "purged")))
}

/// A count of an answer.
pub(super) fn count(done: &Value, name: &str) -> u64 {
    done[name].as_u64().unwrap_or(0)
}

fn counted(letters: u64) -> String {
    if letters == 1 { "1 dead letter".to_owned() } else { format!("{letters} dead letters") }
}

fn steps(text: &mut String, trace: &Value) {
    let steps: Vec<_> = trace.as_array().into_iter().flatten().map(word).collect();
    part(text, "mapping", &steps.join("\n"));
}

fn part(text: &mut String, title: &str, content: &str) {
    if !content.is_empty() {
        line(text, format_args!("\n{title}:\n{content}"));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = writeln!(text, "{line}");
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Pages and vendors have written some of it: nothing of that may steer the terminal.
fn finished(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
    text.trim_end().chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_of_a_letter_steers_the_terminal() {
        let shown = letter(&json!({
            "name": "dk_test_shop/webhook/1",
            "answer": { "status": 400, "body": "\u{1b}[2J\u{9b}31m no" },
            "event": { "event": { "x": "\u{1b}]0;t\u{7}" } },
        }));
        assert!(shown.contains("answer, 400:\n\u{fffd}[2J\u{fffd}31m no"), "{shown}");
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    }

    #[test]
    fn the_list_says_where_personal_data_is() {
        let one = json!({"name": "dk_test_shop/webhook/1", "refused_at": "t", "reason": "refused"});
        assert_eq!(
            list(&[&one]),
            "dk_test_shop/webhook/1  t  refused\n1 dead letter; what is in one, personal data too, is told by \
             `show` alone"
        );
        assert_eq!(list(&[]), "there is no dead letter");
    }
}
