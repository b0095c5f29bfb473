//! What is sent, what is shown, and with which exit status, against a server of two lines.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;
use crate::cli::arguments::{Arguments, Command};

fn arguments(line: &str) -> TokenArguments {
    let words = std::iter::once("jeton").chain(std::iter::once("token")).chain(line.split(' '));
    let Ok(Arguments { command: Command::Token(arguments) }) = crate::cli::read(words) else {
        panic!("{line}")
    };
    arguments
}

/// Answers one request with `answer` and gives back what was asked.
fn serve(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while !is_whole(&asked) {
            let read = stream.read(&mut buffer).unwrap();
            assert_ne!(read, 0, "the request ended early");
            asked.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (url, asked)
}

/// Whether head and body have arrived.
fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    match length {
        Some(length) => body.len() >= length.trim().parse().unwrap(),
        None => body.ends_with("0\r\n\r\n"),
    }
}

fn asked(line: &str, answer: &'static str) -> (u8, String, String) {
    let (url, server) = serve(answer);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = run(&arguments(&format!("--url {url} {line}")), &mut out, &mut err);
    assert_eq!(String::from_utf8(err).unwrap(), "");
    (status, String::from_utf8(out).unwrap(), server.join().unwrap())
}

#[test]
fn a_good_answer_is_printed() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"access_token\":\"x\"}";
    let line = "client-credentials --client-id job --client-secret s:x --auth basic --audience https://a";
    let (status, out, request) = asked(line, answer);
    assert_eq!((status, out.as_str()), (0, "{\n  \"access_token\": \"x\"\n}\n"));
    assert!(request.starts_with("POST /oauth/token HTTP/1.1\r\n"), "{request}");
    // job:s%3Ax
    assert!(request.contains("Basic am9iOnMlM0F4"), "{request}");
    assert!(request.contains("grant_type=client_credentials&audience=https%3A%2F%2Fa"), "{request}");
    assert!(!request.contains("client_secret="), "{request}");
}

#[test]
fn a_refusal_is_printed_and_is_1() {
    let answer = "HTTP/1.1 403 Forbidden\r\ncontent-length: 25\r\n\r\n{\"error\":\"invalid_grant\"}";
    let (status, out, request) = asked("refresh rt_x --client-id web --organization acme", answer);
    assert_eq!((status, out.contains("invalid_grant")), (1, true));
    let form = "grant_type=refresh_token&refresh_token=rt_x&organization=acme&client_id=web";
    assert!(request.contains(form), "{request}");
}

#[test]
fn an_empty_answer_is_still_json() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (status, out, request) = asked("revoke rt_x --client-id web --client-secret s", answer);
    assert_eq!((status, out.as_str()), (0, "{\n  \"status\": 200\n}\n"));
    assert!(request.contains("token=rt_x&client_id=web&client_secret=s"), "{request}");
}

#[test]
fn a_realm_asks_with_its_own_grant() {
    let line = "password --username a --password b --realm staff --client-id web";
    let TokenArguments { caller, request } = arguments(line);
    let request = Request::of(&caller, &request).unwrap();
    assert_eq!(request.form[0].1.as_str(), "http://auth0.com/oauth/grant-type/password-realm");
}

#[test]
fn no_answer_is_69_and_a_fault_is_64() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    for (line, expected) in [
        (format!("introspect x --client-id web --url http://{gone}"), EXIT_UNAVAILABLE),
        ("introspect x".to_owned(), EXIT_USAGE),
        ("introspect x --client-id web --auth basic".to_owned(), EXIT_USAGE),
        ("introspect x --client-id web --url localhost".to_owned(), EXIT_USAGE),
    ] {
        let mut err = Vec::new();
        assert_eq!(run(&arguments(&line), &mut Vec::new(), &mut err), expected, "{line}");
        assert!(!err.is_empty());
    }
}
