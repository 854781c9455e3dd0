//! A small S3 with one bucket. It verifies no signature, and keeps what every request said.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::BUCKET;

/// What the store does instead of what it is asked for.
#[derive(Clone, Debug)]
pub(super) enum Trick {
    /// Answers with this status, further headers and a document.
    Answer(u16, &'static str, &'static str),
    /// Answers so to what is not a look at the bucket.
    Work,
    /// Closes the connection once the request was read.
    Closes,
    /// Does as asked, and closes the connection before it answers.
    ClosesPersisted,
    /// Never answers.
    Stalls,
    /// Answers half of an object and never goes on.
    StallsHalfway,
    /// Answers half of an object and closes the connection.
    ClosesHalfway,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

type Object = (Vec<u8>, Vec<(String, String)>);

#[derive(Debug, Default)]
struct Inside {
    objects: Mutex<BTreeMap<String, Object>>,
    tricks: Mutex<VecDeque<Trick>>,
    seen: Mutex<Vec<Seen>>,
}

/// The store. It ends with the test's runtime.
#[derive(Debug)]
pub(super) struct Store {
    port: u16,
    inside: Arc<Inside>,
}

impl Store {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = Arc::new(Inside::default());
        let serving = Arc::clone(&inside);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { port, inside }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Plans what is done with the next request that nothing is planned for.
    pub(super) fn plan(&self, trick: Trick) {
        self.inside.tricks.lock().unwrap().push_back(trick);
    }

    pub(super) fn put(&self, key: &str, body: &[u8]) {
        let object = (body.to_vec(), Vec::new());
        self.inside.objects.lock().unwrap().insert(key.to_owned(), object);
    }

    pub(super) fn object(&self, key: &str) -> Option<Object> {
        self.inside.objects.lock().unwrap().get(key).cloned()
    }

    /// All requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.inside.seen.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, inside: Arc<Inside>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        inside.seen.lock().unwrap().push(request.clone());
        let trick = inside.tricks.lock().unwrap().pop_front().unwrap_or(Trick::Work);
        let (answer, end) = match trick {
            Trick::Work => (act(&inside, &request), None),
            Trick::Answer(status, headers, document) => {
                (answer(&request, status, headers, document.as_bytes()), None)
            }
            Trick::Closes => return,
            Trick::ClosesPersisted => {
                act(&inside, &request);
                return;
            }
            Trick::Stalls => (Vec::new(), Some(Trick::Stalls)),
            halfway => {
                let mut whole = act(&inside, &request);
                whole.truncate(whole.len() - 5);
                (whole, Some(halfway))
            }
        };
        if stream.write_all(&answer).await.is_err() {
            return;
        }
        match end {
            None => {}
            Some(Trick::ClosesHalfway) => return,
            Some(_) => std::future::pending().await,
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let bytes = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; bytes];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { method, target, headers, body })
}

/// Does what is asked.
fn act(inside: &Inside, request: &Seen) -> Vec<u8> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let path = percent_decode_str(path).decode_utf8().unwrap().into_owned();
    let Some(rest) = path.strip_prefix(&format!("/{BUCKET}")) else {
        let code = "<Error><Code>NoSuchBucket</Code></Error>";
        return answer(request, 404, "", code.as_bytes());
    };
    let mut objects = inside.objects.lock().unwrap();
    match (request.method.as_str(), rest.strip_prefix('/')) {
        ("HEAD", None) => answer(request, 200, "x-amz-bucket-region: eu-west-1\r\n", b""),
        ("PUT", Some(key)) => {
            let meta = request.headers.iter().filter_map(|(name, value)| {
                Some((name.strip_prefix("x-amz-meta-")?.to_owned(), value.clone()))
            });
            objects.insert(key.to_owned(), (request.body.clone(), meta.collect()));
            answer(request, 200, "", b"")
        }
        ("GET", Some(key)) => match objects.get(key) {
            None => answer(request, 404, "", b"<Error><Code>NoSuchKey</Code></Error>"),
            Some((body, meta)) => {
                let mut headers = String::new();
                for (name, value) in meta {
                    write!(headers, "x-amz-meta-{name}: {value}\r\n").unwrap();
                }
                answer(request, 200, &headers, body)
            }
        },
        ("GET", None) => answer(request, 200, "", list(&objects, query).as_bytes()),
        _ => answer(request, 405, "", b""),
    }
}

/// Two objects a page.
fn list(objects: &BTreeMap<String, Object>, query: &str) -> String {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(known, _)| *known == name);
        found.map(|(_, value)| percent_decode_str(value).decode_utf8().unwrap().into_owned())
    };
    assert_eq!(value("list-type").as_deref(), Some("2"));
    let prefix = value("prefix").unwrap();
    let after = value("start-after").map_or(Bound::Unbounded, Bound::Excluded);
    let all: Vec<_> = objects
        .range((after, Bound::Unbounded))
        .filter(|(key, _)| key.starts_with(&prefix))
        .collect();
    let mut text = format!("<ListBucketResult><IsTruncated>{}</IsTruncated>", all.len() > 2);
    for (key, (body, _)) in all.into_iter().take(2) {
        let key = utf8_percent_encode(key, NON_ALPHANUMERIC);
        let bytes = body.len();
        write!(text, "<Contents><Key>{key}</Key><Size>{bytes}</Size></Contents>").unwrap();
    }
    text + "<EncodingType>url</EncodingType></ListBucketResult>"
}

fn answer(request: &Seen, status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n{headers}\r\n");
    let mut bytes = head.into_bytes();
    if request.method != "HEAD" {
        bytes.extend_from_slice(body);
    }
    bytes
}
