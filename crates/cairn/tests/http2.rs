//! HTTP/2 through the real binary: streams open in both directions, trailers, whom a call is for.

use std::convert::Infallible;
use std::io::BufRead as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Nothing here takes longer unless something hangs.
const AWAIT_MAX: Duration = Duration::from_secs(30);
const AUTHORITY: &str = "bedrock.example:7";
const STREAM: &str = "/model/m/invoke-with-bidirectional-stream";

/// What an upstream saw of a request.
#[derive(Debug)]
struct Seen {
    version: Version,
    authority: Option<String>,
    host: Option<String>,
    trailers: Option<HeaderMap>,
}

/// A body that is written while it is read.
fn open() -> (mpsc::Sender<Frame<Bytes>>, impl Body<Data = Bytes, Error = Fault> + Send) {
    let (sender, mut receiver) = mpsc::channel(1);
    let frames = futures_util::stream::poll_fn(move |cx| {
        receiver.poll_recv(cx).map(|frame| frame.map(Ok::<_, Fault>))
    });
    (sender, StreamBody::new(frames))
}

fn sum(value: &'static str) -> HeaderMap {
    let pair = (http::HeaderName::from_static("x-sum"), http::HeaderValue::from_static(value));
    HeaderMap::from_iter([pair])
}

/// An upstream that gives each piece of a body back at once, and a trailer at the end.
async fn echo(seen: mpsc::Sender<Seen>, http2: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = seen.clone();
            let service = service_fn(move |request| {
                std::future::ready(Ok::<_, Infallible>(answer(seen.clone(), request)))
            });
            let stream = TokioIo::new(stream);
            tokio::spawn(async move {
                if http2 {
                    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(stream, service).await;
                } else {
                    let builder = hyper::server::conn::http1::Builder::new();
                    let _ = builder.serve_connection(stream, service).await;
                }
            });
        }
    });
    url
}

fn answer(
    seen: mpsc::Sender<Seen>,
    request: Request<Incoming>,
) -> Response<UnsyncBoxBody<Bytes, Fault>> {
    let (parts, mut body) = request.into_parts();
    let host = parts.headers.get(http::header::HOST);
    let mut saw = Seen {
        version: parts.version,
        authority: parts.uri.authority().map(ToString::to_string),
        host: host.map(|host| host.to_str().unwrap().to_owned()),
        trailers: None,
    };
    let (sender, answer) = open();
    tokio::spawn(async move {
        while let Some(Ok(frame)) = body.frame().await {
            match frame.into_data() {
                Ok(data) => sender.send(Frame::data(data)).await.unwrap(),
                Err(frame) => saw.trailers = frame.into_trailers().ok(),
            }
        }
        seen.send(saw).await.unwrap();
        sender.send(Frame::trailers(sum("theirs"))).await.unwrap();
    });
    Response::builder().header("trailer", "x-sum").body(answer.boxed_unsync()).unwrap()
}

/// A server that passes everything on.
struct Gateway {
    process: Child,
    address: String,
    /// Open until the end: the server may have more to say.
    _output: std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
}

impl Gateway {
    fn start(data: &Path, upstream: &str, http2: bool) -> Self {
        let file = data.with_extension("toml");
        let text = format!("[upstreams]\ndefault = {{ url = \"{upstream}\", http2 = {http2} }}\n");
        std::fs::write(&file, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_cairn"))
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(file)
            .arg("--data")
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = std::io::BufReader::new(process.stdout.take().unwrap()).lines();
        let address = output.by_ref().map_while(Result::ok).find_map(|line| {
            line.split_once("AWS_ENDPOINT_URL=http://").map(|(_, address)| address.to_owned())
        });
        Self { process, address: address.expect("an address"), _output: output }
    }

    /// The names of all records, after a stop.
    fn records(mut self, data: &Path) -> Vec<String> {
        let stop = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(stop.success() && self.process.wait().unwrap().success());
        let shown = Command::new(env!("CARGO_BIN_EXE_cairn"))
            .args(["lookup", "--json", "--data"])
            .arg(data)
            .output()
            .unwrap();
        let text = String::from_utf8(shown.stdout).unwrap();
        let name = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["eventName"].as_str().unwrap().to_owned()
        };
        text.lines().map(name).collect()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}

/// Sends two pieces and a trailer, each after the last one came back if `lockstep`.
async fn call(gateway: &Gateway, lockstep: bool) -> (String, Option<HeaderMap>) {
    let stream = TcpStream::connect(&gateway.address).await.unwrap();
    let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = shaken.await.unwrap();
    tokio::spawn(connection);
    let (pieces, body) = open();
    let credential = "AWS4-HMAC-SHA256 Credential=stranger/20260101/us-east-1/bedrock/aws4_request, \
                      SignedHeaders=host, Signature=00";
    let request = Request::post(format!("http://{AUTHORITY}{STREAM}"))
        .header("authorization", credential)
        .header("content-type", "application/vnd.amazon.eventstream")
        .header("te", "trailers")
        .header("trailer", "x-sum")
        .body(body)
        .unwrap();
    let answer = tokio::spawn(sender.send_request(request));
    let ask = async |piece: &'static str| {
        pieces.send(Frame::data(Bytes::from_static(piece.as_bytes()))).await.unwrap();
    };
    ask("first ").await;
    if !lockstep {
        ask("second").await;
        pieces.send(Frame::trailers(sum("ours"))).await.unwrap();
        drop(pieces);
        let whole = answer.await.unwrap().unwrap().into_body().collect().await.unwrap();
        let trailers = whole.trailers().cloned();
        return (String::from_utf8(whole.to_bytes().into()).unwrap(), trailers);
    }
    // The head and the first piece of the answer come while the request is open.
    let mut answer = answer.await.unwrap().unwrap().into_body();
    let mut text = Vec::new();
    let mut next = async |text: &mut Vec<u8>| {
        text.extend_from_slice(&answer.frame().await.unwrap().unwrap().into_data().unwrap());
    };
    next(&mut text).await;
    assert_eq!(text, b"first ");
    ask("second").await;
    next(&mut text).await;
    pieces.send(Frame::trailers(sum("ours"))).await.unwrap();
    drop(pieces);
    let rest = answer.collect().await.unwrap();
    let trailers = rest.trailers().cloned();
    text.extend_from_slice(&rest.to_bytes());
    (String::from_utf8(text).unwrap(), trailers)
}

async fn through(http2: bool) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (sender, mut seen) = mpsc::channel(1);
    let gateway = Gateway::start(&data, &echo(sender, http2).await, http2);
    let (text, trailers) = call(&gateway, true).await;
    assert_eq!((text.as_str(), trailers), ("first second", Some(sum("theirs"))));
    let saw = seen.recv().await.unwrap();
    // Once more over the same connections, all at once.
    let (text, _) = call(&gateway, false).await;
    assert_eq!(text, "first second");
    seen.recv().await.unwrap();
    assert_eq!(gateway.records(&data), ["InvokeModelWithBidirectionalStream"; 2]);
    saw
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_go_both_ways_over_http_2() {
    let saw = tokio::time::timeout(AWAIT_MAX, through(true)).await.expect("nothing hangs");
    assert_eq!(saw.version, Version::HTTP_2);
    assert_eq!((saw.authority.as_deref(), saw.host), (Some(AUTHORITY), None));
    assert_eq!(saw.trailers, Some(sum("ours")));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_over_http_2_go_on_over_http_1_by_default() {
    let saw = tokio::time::timeout(AWAIT_MAX, through(false)).await.expect("nothing hangs");
    assert_eq!(saw.version, Version::HTTP_11);
    assert_eq!(saw.host.as_deref(), Some(AUTHORITY));
    assert_eq!(saw.trailers, Some(sum("ours")));
}
