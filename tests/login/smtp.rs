//! Messages by SMTP, to a server that is small and strict.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeton::config::Config;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{World, authorize};

/// What the server saw: commands, and messages.
#[derive(Clone, Default)]
struct Seen {
    commands: Arc<Mutex<Vec<String>>>,
    messages: Arc<Mutex<Vec<String>>>,
}

/// Starts a server without TLS that wants `user` and `secret`; gives its address.
async fn serve(seen: Seen) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(talk(socket, seen.clone()));
        }
    });
    address
}

async fn talk(socket: TcpStream, seen: Seen) {
    let mut socket = BufReader::new(socket);
    socket.write_all(b"220 test\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_owned();
        seen.commands.lock().unwrap().push(line.clone());
        let answer = match line.split(' ').next().unwrap().to_uppercase().as_str() {
            "EHLO" => "250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" => authenticated(&line),
            "DATA" => {
                socket.write_all(b"354 go on\r\n").await.unwrap();
                let mut message = String::new();
                while !message.ends_with("\r\n.\r\n") {
                    socket.read_line(&mut message).await.unwrap();
                }
                seen.messages.lock().unwrap().push(message);
                "250 taken".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            "STARTTLS" => "454 not here".to_owned(),
            _ => "250 fine".to_owned(),
        };
        if socket.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

fn authenticated(line: &str) -> String {
    let given = STANDARD.decode(line.rsplit(' ').next().unwrap()).unwrap_or_default();
    let right = given == b"\0user\0secret";
    if right { "235 welcome".to_owned() } else { "535 5.7.8 wrong".to_owned() }
}

async fn forgot(world: &World) -> u16 {
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    browser.post("/u/forgot", &[("state", &page.state()), ("email", "ann@example.test")]).await.status
}

async fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about within five seconds");
}

fn by(url: String) -> impl FnOnce(&mut Config, &Path) {
    move |config, _| config.mail.smtp_url = url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_arrives_as_text_and_as_html() {
    let seen = Seen::default();
    let address = serve(seen.clone()).await;
    let world = World::start_with(by(format!("smtp://user:secret@{address}"))).await;
    assert_eq!(forgot(&world).await, 200);
    until(|| !seen.messages.lock().unwrap().is_empty()).await;
    let commands = seen.commands.lock().unwrap().join("\n");
    assert!(commands.contains("RCPT TO:<ann@example.test>"), "{commands}");
    let message = seen.messages.lock().unwrap()[0].clone();
    assert!(message.contains("multipart/alternative") && message.contains("/u/reset?ticket"), "{message}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_know_us_gets_nothing_and_the_page_goes_on() {
    let seen = Seen::default();
    let address = serve(seen.clone()).await;
    let world = World::start_with(by(format!("smtp://user:wrong@{address}"))).await;
    assert_eq!(forgot(&world).await, 200);
    until(|| seen.commands.lock().unwrap().iter().any(|line| line.starts_with("AUTH"))).await;
    assert_eq!(forgot(&world).await, 200);
    assert!(seen.messages.lock().unwrap().is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_tls_that_is_required_nothing_is_said() {
    let seen = Seen::default();
    let address = serve(seen.clone()).await;
    let world = World::start_with(by(format!("smtp://user:secret@{address}?tls=required"))).await;
    assert_eq!(forgot(&world).await, 200);
    until(|| seen.commands.lock().unwrap().iter().any(|line| line.starts_with("EHLO"))).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let commands = seen.commands.lock().unwrap().clone();
    let told = |line: &String| line.starts_with("AUTH") || line.starts_with("MAIL");
    assert!(!commands.iter().any(told), "{commands:?}");
    world.stop().await;
}
