//! One case for each trap that a request can show; the inverse oracle covers the breadth.

use http::HeaderMap;

use super::*;

mod hosts;
mod names;
mod twofold;
mod unknown;

struct Ask<'a> {
    line: &'a str,
    scope: &'a str,
    headers: &'a [(&'static str, &'a str)],
    form: Option<&'a [u8]>,
}

fn ask(line: &str) -> Ask<'_> {
    Ask { line, scope: "", headers: &[], form: None }
}

impl<'a> Ask<'a> {
    fn scope(self, scope: &'a str) -> Self {
        Self { scope, ..self }
    }

    fn headers(self, headers: &'a [(&'static str, &'a str)]) -> Self {
        Self { headers, ..self }
    }

    fn form(self, form: &'a str) -> Self {
        Self { form: Some(form.as_bytes()), ..self }
    }

    fn header_map(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:4580".parse().unwrap());
        if !self.scope.is_empty() {
            let credential = format!(
                "AWS4-HMAC-SHA256 Credential=AKIAX/20261125/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0",
                self.scope
            );
            headers.insert("authorization", credential.parse().unwrap());
        }
        if self.form.is_some() {
            headers.insert(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap(),
            );
        }
        for (name, value) in self.headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    fn resolve(&self) -> Result<Resolution, ResolveError> {
        let (method, target) = self.line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = self.header_map();
        let head = RequestHead { method, path, query, headers: &headers };
        resolve(&head, self.form, &BaseDomains::default())
    }

    /// The refusal: service, protocol and name.
    #[track_caller]
    fn refused(&self) -> (Option<&'static str>, Protocol, Option<String>) {
        match self.resolve() {
            Err(ResolveError::UnknownOperation { service, protocol, name }) => {
                (service.map(Service::id), protocol, name)
            }
            other => panic!("{}: {other:?}", self.line),
        }
    }

    #[track_caller]
    fn is(&self, expected: &str) -> Resolved {
        match self.resolve() {
            Ok(Resolution::Call(found)) => {
                assert_eq!(format!("{:?}", found.call()), expected, "{}", self.line);
                found
            }
            other => panic!("{}: {other:?}, not {expected}", self.line),
        }
    }
}
