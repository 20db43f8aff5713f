//! Clients that take their time, too many of them, and those that stay until the end.

use crate::support::service::Service;
use crate::support::wait::wait_until;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";

async fn connect(service: &Service, sends: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(sends).await.unwrap();
    stream
}

/// Everything that comes until the other side closes, and how long that took.
async fn until_closed(mut stream: TcpStream) -> (String, Duration) {
    let (began, mut got) = (Instant::now(), Vec::new());
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut got)).await;
    // A reset is an end, too.
    let _end = read.expect("an end within 20 s");
    (String::from_utf8(got).unwrap(), began.elapsed())
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut buffer = vec![0; 4096];
    let read = stream.read(&mut buffer).await.unwrap();
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection_and_one_at_rest_stays_for_longer() {
    let service = Service::start_with(&[("HEADER_TIMEOUT", "1"), ("IDLE_TIMEOUT", "4")]).await;
    let silent = connect(&service, b"").await;
    let half = connect(&service, b"GET /healthz HTTP/1.1\r\nHo").await;
    let rests = connect(&service, ALIVE).await;
    let dribbles = tokio::spawn({
        let mut stream = connect(&service, b"GET /healthz HTTP/1.1\r\n").await;
        async move {
            let began = Instant::now();
            // A byte now and then: never silent, never complete.
            while began.elapsed() < Duration::from_secs(10) && stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            began.elapsed()
        }
    });
    let (silent, half, rests) = tokio::join!(until_closed(silent), until_closed(half), until_closed(rests));
    let second = Duration::from_secs(1);
    for (got, after) in [silent, half] {
        assert_eq!(got, "");
        // It began for the other side before it did for this one.
        assert!(after > second / 2 && after < 4 * second, "{after:?}");
    }
    assert!(rests.0.starts_with("HTTP/1.1 200"), "{}", rests.0);
    // The clock of this side starts a little later.
    assert!(rests.1 > 3 * second, "{:?}", rests.1);
    let dribbled = dribbles.await.unwrap();
    assert!(dribbled < 5 * second, "{dribbled:?}");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let service = Service::start_with(&[("MAX_CONNECTIONS", "16")]).await;
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut stream = connect(&service, ALIVE).await;
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
        open.push(stream);
    }
    assert_eq!(until_closed(connect(&service, ALIVE).await).await.0, "");
    drop(open.pop());
    wait_until(
        Duration::from_secs(5),
        "room for another connection",
        async || {
            let mut stream = TcpStream::connect(service.address()).await.unwrap();
            let (mut buffer, sent) = ([0; 12], stream.write_all(ALIVE).await);
            sent.is_ok() && stream.read_exact(&mut buffer).await.is_ok() && buffer == *b"HTTP/1.1 200"
        },
    )
    .await;
}

#[tokio::test]
async fn shutdown_lets_callers_notice_before_the_listener_closes() {
    let service = Service::start_with(&[("DRAIN_TIME", "10")]).await;
    let mut kept = connect(&service, b"GET /csv/template HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer(&mut kept).await.starts_with("HTTP/1.1 200"));
    let (client, ready) = (service.client.clone(), service.url("/readyz"));
    assert_eq!(client.get(&ready).send().await.unwrap().status(), 200);
    let began = Instant::now();
    let shutdown = tokio::spawn(service.app.shutdown());
    let told = wait_until(Duration::from_secs(5), "readiness to end", async || {
        let told = client.get(&ready).send().await.unwrap();
        (told.status() == 503).then_some(told)
    })
    .await;
    assert_eq!(told.headers()["connection"], "close");
    assert!(told.text().await.unwrap().contains("\"draining\":true"));
    kept.write_all(b"GET /csv/template HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let (got, _) = until_closed(kept).await;
    assert!(
        got.starts_with("HTTP/1.1 200") && got.contains("connection: close"),
        "{got}"
    );
    shutdown.await.unwrap();
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "they had time to notice"
    );
    assert!(client.get(&ready).send().await.is_err(), "nobody listens");
}
