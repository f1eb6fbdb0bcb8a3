//! HTML as text: what a person would read, without what a browser would do.
//!
//! A tokenizer and no tree: pages are wrong in every way, and this reads all of them in one pass. What is not shown
//! (scripts, styles, hidden elements' own kinds) is passed by.

use crate::entity;

/// What was read of a page.
#[derive(Debug, Default)]
pub struct Read {
    pub title: Option<String>,
    pub text: String,
    /// What `<base>` says.
    pub base: Option<String>,
    /// Targets and texts.
    pub links: Vec<(String, String)>,
}

impl Read {
    /// A text that is none of HTML.
    pub fn plain(text: String) -> Read {
        Read {
            text,
            ..Read::default()
        }
    }
}

/// Reads a page.
pub fn read(html: &str) -> Read {
    let mut page = Writer::default();
    let mut rest = html;
    while !rest.is_empty() {
        let at = rest.find('<').unwrap_or(rest.len());
        page.text(&rest[..at]);
        rest = &rest[at..];
        if rest.is_empty() {
            break;
        }
        rest = match Tag::split(rest) {
            Some((Markup::Tag(tag), after)) => page.tag(&tag, after),
            Some((Markup::Nothing, after)) => after,
            None => {
                page.text("<");
                &rest[1..]
            }
        };
    }
    page.finish()
}

enum Markup<'a> {
    Tag(Tag<'a>),
    /// A comment, a declaration.
    Nothing,
}

struct Tag<'a> {
    name: String,
    is_end: bool,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// Splits what `text` begins with from what follows.
    fn split(text: &'a str) -> Option<(Markup<'a>, &'a str)> {
        if let Some(comment) = text.strip_prefix("<!--") {
            let end = comment.find("-->").map_or(comment.len(), |end| end + 3);
            return Some((Markup::Nothing, &comment[end..]));
        }
        if text.starts_with("<!") || text.starts_with("<?") {
            let end = text.find('>').map_or(text.len(), |end| end + 1);
            return Some((Markup::Nothing, &text[end..]));
        }
        let inside = text.strip_prefix('<')?;
        let (is_end, inside) = match inside.strip_prefix('/') {
            Some(inside) => (true, inside),
            None => (false, inside),
        };
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let end = end_of_tag(inside);
        let (tag, after) = (&inside[..end], inside.get(end + 1..).unwrap_or_default());
        let name = tag
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(tag.len());
        let tag = Tag {
            name: tag[..name].to_ascii_lowercase(),
            is_end,
            attributes: &tag[name..],
        };
        Some((Markup::Tag(tag), after))
    }

    /// The value of an attribute, its entities read.
    fn attribute(&self, wanted: &str) -> Option<String> {
        let mut rest = self.attributes.trim_start_matches(is_between);
        while !rest.is_empty() {
            let end = rest
                .find(|c: char| is_between(c) || c == '=')
                .unwrap_or(rest.len());
            let name = &rest[..end.max(1).min(rest.len())];
            rest = rest[name.len()..].trim_start();
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_start();
                (value, rest) = match after.chars().next() {
                    Some(quote @ ('"' | '\'')) => {
                        let inside = &after[1..];
                        let end = inside.find(quote).unwrap_or(inside.len());
                        (&inside[..end], inside.get(end + 1..).unwrap_or_default())
                    }
                    _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
                };
            }
            if name.eq_ignore_ascii_case(wanted) {
                return Some(entity::read(value));
            }
            rest = rest.trim_start_matches(is_between);
        }
        None
    }
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || c == '/'
}

/// Where the `>` is that is in no quotes.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line breaks that come before the next word.
    breaks: usize,
    /// Whether a space does.
    space: bool,
    /// What stands at the beginning of the next line.
    prefix: String,
    in_pre: usize,
    in_title: bool,
    title: String,
    base: Option<String>,
    links: Vec<(String, String)>,
    /// The target of the link that is open, and its text so far.
    link: Option<(String, String)>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.in_title {
            self.title.push_str(text);
            return;
        }
        let text = entity::read(text);
        if self.in_pre > 0 {
            self.word(&text);
            return;
        }
        self.space |= text.starts_with(char::is_whitespace);
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            self.word(word);
            self.space = words.peek().is_some() || text.ends_with(char::is_whitespace);
        }
    }

    fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        if self.breaks > 0 {
            let breaks = if self.out.is_empty() { 0 } else { self.breaks };
            self.out.extend(std::iter::repeat_n('\n', breaks));
            self.breaks = 0;
        } else if self.space && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push(' ');
        }
        self.out.push_str(&std::mem::take(&mut self.prefix));
        if let Some((_, text)) = &mut self.link {
            text.push_str(word);
            text.push(' ');
        }
        self.out.extend(
            word.chars()
                .filter(|c| !c.is_control() || matches!(c, '\n' | '\t')),
        );
        self.space = false;
    }

    fn lines(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
        self.space = false;
        self.prefix.clear();
    }

    /// Takes a tag in, and gives what comes after it and after what is not shown.
    fn tag<'a>(&mut self, tag: &Tag<'_>, after: &'a str) -> &'a str {
        match tag.name.as_str() {
            "script" | "style" | "noscript" | "template" | "svg" | "iframe" | "object"
            | "canvas" | "select" | "textarea"
                if !tag.is_end =>
            {
                return beyond(after, &tag.name);
            }
            "title" => self.in_title = !tag.is_end && self.title.is_empty(),
            "base" if self.base.is_none() => self.base = tag.attribute("href"),
            "a" => self.anchor(tag),
            "br" => self.lines(1),
            "li" if !tag.is_end => {
                self.lines(1);
                self.prefix = "- ".to_owned();
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.lines(2);
                if !tag.is_end {
                    let level = usize::from(tag.name.as_bytes()[1] - b'0');
                    self.prefix = format!("{} ", "#".repeat(level));
                }
            }
            "pre" => {
                self.lines(2);
                self.in_pre = match tag.is_end {
                    true => self.in_pre.saturating_sub(1),
                    false => self.in_pre + 1,
                };
            }
            "td" | "th" if tag.is_end => self.space = true,
            "tr" | "dt" | "dd" | "option" => self.lines(1),
            "p" | "div" | "section" | "article" | "header" | "footer" | "main" | "nav"
            | "aside" | "ul" | "ol" | "dl" | "table" | "blockquote" | "figure" | "figcaption"
            | "form" | "hr" | "body" => {
                self.lines(2);
            }
            "img" => {
                if let Some(words) = tag
                    .attribute("alt")
                    .filter(|words| !words.trim().is_empty())
                {
                    self.text(&format!(" [{}] ", words.trim()));
                }
            }
            _ => {}
        }
        after
    }

    fn anchor(&mut self, tag: &Tag<'_>) {
        if let Some((target, text)) = self.link.take() {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            self.links.push((target, text));
        }
        if !tag.is_end {
            self.link = tag.attribute("href").map(|target| (target, String::new()));
        }
    }

    fn finish(self) -> Read {
        let title = entity::read(&self.title);
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        Read {
            title: Some(title).filter(|title| !title.is_empty()),
            text: self.out,
            base: self.base,
            links: self.links,
        }
    }
}

/// What comes after the end of an element whose content is passed by.
fn beyond<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let is_it = rest
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is_it {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}
