//! As much HTTP/1.1 as the benchmarks need: requests as bytes, answers with a `Content-Length`, on kept
//! connections. A client library would be the slower half of what is measured.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// How long an answer may take while nothing is measured.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a server is asked.
#[derive(Debug, Clone)]
pub(super) struct Request {
    method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: None }
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self { method: "DELETE", ..Self::get(path) }
    }

    pub(super) fn post(path: impl Into<String>, body: impl Into<String>) -> Self {
        Self { method: "POST", body: Some(body.into()), ..Self::get(path) }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with another path.
    pub(super) fn at(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// The same with another value of a header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(found, _)| *found != name);
        self.header(name, value)
    }

    /// Whether there is no more to it than a path and headers.
    pub(super) fn is_get(&self) -> bool {
        self.method == "GET"
    }

    /// As it goes over the wire; a GET as `wrk` would write it too.
    pub(super) fn bytes(&self, port: u16) -> Vec<u8> {
        let Self { method, path, headers, body } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
        // Writing to a `String` cannot fail.
        for (name, value) in headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if let Some(body) = body {
            let _ = write!(text, "Content-Length: {}\r\n", body.len());
        }
        text.push_str("\r\n");
        text.push_str(body.as_deref().unwrap_or_default());
        text.into_bytes()
    }
}

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) status: u16,
    /// The header lines.
    lines: &'a str,
    /// Where the body begins and ends.
    pub(super) body: std::ops::Range<usize>,
}

impl<'a> Head<'a> {
    /// Reads the head once all of it is there.
    ///
    /// Runs between any two requests of the open loop, in an unoptimised build too: a few searches for a
    /// single byte, which the standard library brings optimised, instead of a look at every byte.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<Self>> {
        // A body may be cut in the middle of a character.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        let Some((status_line, lines)) = text.split_once('\n') else { return Ok(None) };
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no HTTP answer: {status_line:?}"))?;
        let mut length: Option<usize> = None;
        let mut rest = lines;
        while let Some((line, after)) = rest.split_once('\n') {
            rest = after;
            let line = line.trim_end();
            if line.is_empty() {
                let start = text.len() - rest.len();
                let length = length.context("an answer without Content-Length cannot be timed")?;
                let head = &lines[..lines.len() - rest.len()];
                return Ok(Some(Self { status, lines: head, body: start..start + length }));
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse().context("Content-Length is no number")?);
            }
        }
        Ok(None)
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Answer {
    /// The cookie of that name that the answer sets.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let cookies = lines.filter(|(header, _)| header.eq_ignore_ascii_case("set-cookie"));
        let mut pairs = cookies.filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// The body of a 2xx.
    pub(super) fn accepted(self) -> Result<String> {
        ensure!((200..300).contains(&self.status), "status {}: {}", self.status, self.body);
        Ok(self.body)
    }
}

/// A kept connection.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .with_context(|| format!("nobody listens on port {port}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// One request and its answer.
    pub(super) fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut chunk = [0; 16 * 1024];
        let mut end = None;
        loop {
            // The head is looked for until it is there; a long body is not read again with each of its parts.
            if end.is_none() {
                end = Head::read(&self.buffer)?.map(|head| head.body.end);
            }
            if end.is_some_and(|end| self.buffer.len() >= end)
                && let Some(Head { status, lines, body }) = Head::read(&self.buffer)?
            {
                let head = lines.to_owned();
                let body = String::from_utf8_lossy(&self.buffer[body]).into_owned();
                return Ok(Answer { status, head, body });
            }
            match self.stream.read(&mut chunk).context("no answer")? {
                0 => bail!("the server closed the connection"),
                read => self.buffer.extend_from_slice(&chunk[..read]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nset-cookie: a=1; Path=/\r\ncontent-length: 4\r\n\r\nfür";

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let head = Head::read(ANSWER.as_bytes()).unwrap().unwrap();
        assert_eq!((head.status, head.body.clone()), (200, ANSWER.len() - 4..ANSWER.len()));
        // Cut in the head, at its end, and within a character of the body.
        assert_eq!(Head::read(&ANSWER.as_bytes()[..40]).unwrap(), None);
        for missing in [4, 2, 1] {
            let cut = Head::read(&ANSWER.as_bytes()[..ANSWER.len() - missing]).unwrap();
            assert_eq!(cut.unwrap().body.end, ANSWER.len());
        }
    }

    #[test]
    fn what_cannot_be_timed_is_refused() {
        assert!(Head::read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(Head::read(b"SSH-2.0-x\r\n").is_err());
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let answer = Answer {
            status: 200,
            head: "set-cookie: _dfk=no; Path=/\r\nSet-Cookie: dfk=v.1; HttpOnly\r\n".to_owned(),
            body: String::new(),
        };
        assert_eq!(answer.cookie("dfk"), Some("v.1"));
        assert_eq!(answer.cookie("fk"), None);
    }

    #[test]
    fn requests_are_written_like_wrk_does() {
        let request = Request::get("/x?a=b").header("Cookie", "c=d");
        assert_eq!(
            String::from_utf8(request.bytes(80)).unwrap(),
            "GET /x?a=b HTTP/1.1\r\nHost: 127.0.0.1:80\r\nCookie: c=d\r\n\r\n"
        );
        let post = String::from_utf8(Request::post("/x", "{}").bytes(80)).unwrap();
        assert!(post.ends_with("Content-Length: 2\r\n\r\n{}"), "{post}");
    }
}
