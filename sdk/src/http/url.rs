//! URLs, as much of them as a request and a link need. What goes where is judged by the host, not here.

use std::fmt;
use std::str::FromStr;

use super::error::Error;

/// An `http` or `https` URL without its fragment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Url {
    scheme: &'static str,
    authority: String,
    path_and_query: String,
}

impl Url {
    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.scheme
    }

    /// The host and, where one is written, the port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host without its port.
    pub fn host(&self) -> &str {
        let after_brackets = self.authority.rfind(']').map_or(0, |at| at + 1);
        match self.authority[after_brackets..].find(':') {
            Some(colon) => &self.authority[..after_brackets + colon],
            None => &self.authority,
        }
    }

    /// What is asked of the host. It begins with `/`.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        let path = self.path_and_query.split('?').next();
        path.unwrap_or(&self.path_and_query)
    }

    /// Where a link on the page at this URL leads.
    ///
    /// # Errors
    ///
    /// When it leads to no `http` or `https` URL, as `mailto:` does.
    pub fn join(&self, link: &str) -> Result<Url, Error> {
        let link = link.trim();
        let link = link.split('#').next().unwrap_or(link);
        if let Some(rest) = link.strip_prefix("//") {
            return format!("{}://{rest}", self.scheme).parse();
        }
        let before = link.find(['/', '?']).unwrap_or(link.len());
        if link[..before].contains(':') {
            return link.parse();
        }
        let path_and_query = match link.as_bytes().first() {
            None => self.path_and_query.clone(),
            Some(b'?') => format!("{}{link}", self.path()),
            Some(b'/') => without_dots(link),
            Some(_) => {
                let folder = self
                    .path()
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                without_dots(&format!("{folder}/{link}"))
            }
        };
        Ok(Url {
            path_and_query,
            ..self.clone()
        })
    }
}

/// A path whose `.` and `..` are gone, and its query as it is.
fn without_dots(path_and_query: &str) -> String {
    let (path, query) = match path_and_query.find('?') {
        Some(at) => path_and_query.split_at(at),
        None => (path_and_query, ""),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Url, Error> {
        let refuse = |reason| Error::url(text, reason);
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| refuse("it has no `https://`"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => "http",
            "https" => "https",
            _ => return Err(refuse("it is neither `http` nor `https`")),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = match rest.find(['/', '?', '\\']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.is_empty() {
            return Err(refuse("it has no host"));
        }
        let path_and_query = if path.starts_with('/') {
            without_dots(path)
        } else if path.starts_with('\\') {
            return Err(refuse("it has a backslash in place of a slash"));
        } else {
            format!("/{path}")
        };
        Ok(Url {
            scheme,
            authority: authority.to_ascii_lowercase(),
            path_and_query,
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.scheme, self.authority, self.path_and_query
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_where_browsers_go() {
        let page: Url = "https://Example.com/a/b/c?d=e#f".parse().unwrap();
        for (link, expected) in [
            ("", "https://example.com/a/b/c?d=e"),
            ("#g", "https://example.com/a/b/c?d=e"),
            ("?g", "https://example.com/a/b/c?g"),
            ("g", "https://example.com/a/b/g"),
            ("./g/", "https://example.com/a/b/g/"),
            ("..", "https://example.com/a/"),
            ("../../../../g", "https://example.com/g"),
            ("g?h=/i", "https://example.com/a/b/g?h=/i"),
            ("/g", "https://example.com/g"),
            ("//other.example/g", "https://other.example/g"),
            ("http://other.example", "http://other.example/"),
            ("HTTP://other.example?g", "http://other.example/?g"),
        ] {
            assert_eq!(page.join(link).unwrap().to_string(), expected, "{link}");
        }
        for link in [
            "mailto:me@example.com",
            "javascript:x()",
            "ftp://a/b",
            "data:text/plain,x",
        ] {
            assert!(page.join(link).is_err(), "{link}");
        }
    }

    #[test]
    fn a_host_is_what_stands_before_its_port() {
        for (text, host) in [
            ("https://a.b:8080/", "a.b"),
            ("https://[::1]:8080/", "[::1]"),
            ("https://[::1]", "[::1]"),
            ("https://a.b", "a.b"),
        ] {
            assert_eq!(text.parse::<Url>().unwrap().host(), host);
        }
        for text in [
            "",
            "a.b",
            "https://",
            "https:///x",
            "https://a.b\\x",
            "mailto:x",
        ] {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
    }
}
