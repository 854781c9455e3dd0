//! Where a server is and who calls it, in the order in which AWS's tools look (documented: AWS CLI
//! user guide, "Configuration settings and precedence").

use std::path::PathBuf;

use anyhow::Context as _;
use cairn_bucket::Destination;
use cairn_event::Region;
use cairn_iam::parse_credentials;
use http::Uri;

use crate::address::has_sound_port;

use super::{S3, ServerChoice, Service};

/// The region of a caller who names none; Cairn's own default.
const REGION: &str = "us-east-1";
/// Reads a variable of the environment.
type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Keys as they are given: a test rig takes `test`, too.
pub(super) struct Keys {
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) session_token: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Where keys were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the file of credentials.
    File,
    /// In the environment.
    Environment,
    /// In the environment, though it names a file that has others.
    EnvironmentBeforeFile,
}

/// What is needed to call.
#[derive(Debug)]
pub(super) struct Place {
    /// None if the service is at AWS.
    endpoint: Option<Uri>,
    service: Service,
    pub(super) region: String,
    pub(super) keys: Keys,
    pub(super) origin: Origin,
}

impl Place {
    /// Where to call a service in a region.
    pub(super) fn endpoint(&self, region: &str) -> anyhow::Result<Uri> {
        if let Some(endpoint) = &self.endpoint {
            return Ok(endpoint.clone());
        }
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let address = format!("https://{}.{region}.{suffix}", self.service.signing_name);
        address.parse().with_context(|| format!("{region:?} is no region"))
    }

    pub(super) fn find(
        choice: &ServerChoice,
        service: Service,
        get: Get<'_>,
    ) -> anyhow::Result<Self> {
        let endpoint = choice
            .endpoint_url
            .clone()
            .or_else(|| get(&format!("AWS_ENDPOINT_URL_{}", service.variable)))
            .or_else(|| get("AWS_ENDPOINT_URL"));
        anyhow::ensure!(
            endpoint.is_some() || service.is_at_aws,
            "no server is named: export AWS_ENDPOINT_URL as `cairn serve` prints it, or read the \
             directory of a stopped server with --data {}",
            get("CAIRN_DATA").unwrap_or_else(|| "DIR".to_owned())
        );
        let endpoint = endpoint.map(|text| parse_endpoint(&text)).transpose()?;
        let named = choice.profile.is_some();
        let profile = choice
            .profile
            .clone()
            .or_else(|| get("AWS_PROFILE"))
            .unwrap_or_else(|| "default".to_owned());
        let file = credentials_file(get);
        let text = file.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let of_file = || keys_of_file(file.as_ref(), text.as_deref(), &profile);
        // As AWS's tools do: half of a pair is a mistake.
        anyhow::ensure!(
            named || get("AWS_ACCESS_KEY_ID").is_none() || get("AWS_SECRET_ACCESS_KEY").is_some(),
            "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY; set both, or none of them"
        );
        let (keys, origin) = match keys_of_environment(get).filter(|_| !named) {
            Some(keys) => {
                let is_named = get("AWS_SHARED_CREDENTIALS_FILE").is_some();
                let has_others = of_file().is_ok_and(|other| other.key != keys.key);
                let hides_file = is_named && has_others;
                let origin =
                    if hides_file { Origin::EnvironmentBeforeFile } else { Origin::Environment };
                (keys, origin)
            }
            None => (of_file()?, Origin::File),
        };
        let region = choice
            .region
            .clone()
            .or_else(|| get("AWS_REGION"))
            .or_else(|| get("AWS_DEFAULT_REGION"))
            .or_else(|| text.as_deref().and_then(|text| region_of(text, &profile)))
            .unwrap_or_else(|| REGION.to_owned());
        let region = Region::parse(&region)?.to_string();
        Ok(Self { endpoint, service, region, keys, origin })
    }
}

/// Reads the address of a server.
fn parse_endpoint(text: &str) -> anyhow::Result<Uri> {
    let endpoint: Uri = text.parse().with_context(|| format!("{text:?} is no URL of a server"))?;
    anyhow::ensure!(
        matches!(endpoint.scheme_str(), Some("http" | "https")),
        "the server's URL begins with http:// or https://, unlike {endpoint}"
    );
    anyhow::ensure!(has_sound_port(&endpoint), "{endpoint} has no port between 1 and 65535");
    Ok(endpoint)
}

/// Checks what was said on the command line, whether or not it is needed.
pub(super) fn check(choice: &ServerChoice) -> anyhow::Result<()> {
    choice.endpoint_url.as_deref().map(parse_endpoint).transpose().context("--endpoint-url")?;
    choice.region.as_deref().map(Region::parse).transpose().context("--region")?;
    Ok(())
}

/// How to reach a bucket, in the same order. What AWS gives to a machine is taken if there are no
/// other keys and the bucket is at AWS.
pub(super) fn destination(
    choice: &ServerChoice,
    bucket: &str,
    get: Get<'_>,
) -> anyhow::Result<Destination> {
    let mut destination = Destination {
        bucket: bucket.to_owned(),
        endpoint: choice
            .endpoint_url
            .clone()
            .or_else(|| get("AWS_ENDPOINT_URL_S3"))
            .or_else(|| get("AWS_ENDPOINT_URL")),
        ca_file: get("AWS_CA_BUNDLE").map(PathBuf::from),
        acl: false,
        ..Destination::default()
    };
    destination.allow_http =
        destination.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    match Place::find(choice, S3, get) {
        Ok(place) => {
            // At AWS the bucket's own region counts, and it is asked for.
            destination.region = destination.endpoint.is_some().then_some(place.region);
            destination.access_key = Some(place.keys.key);
            destination.secret = Some(place.keys.secret);
            destination.session_token = place.keys.session_token;
        }
        Err(_) if destination.endpoint.is_none() && choice.profile.is_none() => {
            destination.instance_role = true;
        }
        Err(error) => return Err(error),
    }
    Ok(destination)
}

fn credentials_file(get: Get<'_>) -> Option<PathBuf> {
    let home = || get("HOME").map(|home| PathBuf::from(home).join(".aws/credentials"));
    get("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or_else(home)
}

fn keys_of_environment(get: Get<'_>) -> Option<Keys> {
    let (key, secret) = (get("AWS_ACCESS_KEY_ID")?, get("AWS_SECRET_ACCESS_KEY")?);
    Some(Keys { key, secret, session_token: get("AWS_SESSION_TOKEN") })
}

fn keys_of_file(file: Option<&PathBuf>, text: Option<&str>, profile: &str) -> anyhow::Result<Keys> {
    let file = file.map_or_else(String::new, |file| file.display().to_string());
    let text = text.with_context(|| {
        format!(
            "no credentials: {file:?} cannot be read; export AWS_SHARED_CREDENTIALS_FILE as \
             `cairn serve` prints it"
        )
    })?;
    let keys = parse_credentials(text, profile).with_context(|| format!("in {file}"))?;
    let (key, secret) = (keys.key.to_string(), keys.secret.expose().to_owned());
    Ok(Keys { key, secret, session_token: keys.session_token })
}

/// The region that the file names for a profile, as `cairn serve` writes it.
fn region_of(text: &str, profile: &str) -> Option<String> {
    let mut inside = false;
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == profile;
        } else if let Some((name, value)) = line.split_once('=')
            && inside
            && name.trim() == "region"
        {
            found = Some(value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Origin, Place, ServerChoice};
    use crate::client::{CAIRN, CLOUDTRAIL};

    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

    fn find(choice: &ServerChoice, variables: &[(&str, &str)]) -> anyhow::Result<Place> {
        Place::find(choice, CAIRN, &|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn settings_are_taken_in_the_order_of_awss_tools() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("credentials");
        let text = format!(
            "[default]\naws_access_key_id = {KEY}\naws_secret_access_key = of-file\nregion = eu-west-1\n\
             [other]\naws_access_key_id = {KEY}\naws_secret_access_key = of-other\n"
        );
        std::fs::write(&file, text).unwrap();
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4580"),
            ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap()),
        ];
        let place = find(&ServerChoice::default(), &variables).unwrap();
        assert_eq!((place.keys.secret.as_str(), place.region.as_str()), ("of-file", "eu-west-1"));

        let other = ServerChoice { profile: Some("other".to_owned()), ..ServerChoice::default() };
        variables.extend([("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", "of-environment")]);
        let place = find(&other, &variables).unwrap();
        assert_eq!((place.keys.secret.as_str(), place.region.as_str()), ("of-other", "us-east-1"));
        // The same key is no other one.
        let origin = |choice: &ServerChoice, variables: &[(&str, &str)]| {
            find(choice, variables).unwrap().origin
        };
        assert_eq!(origin(&ServerChoice::default(), &variables), Origin::Environment);
        variables[2].1 = "AKIAI44QH8DHBEXAMPLE";
        assert_eq!(origin(&ServerChoice::default(), &variables), Origin::EnvironmentBeforeFile);
        assert_eq!(origin(&other, &variables), Origin::File);
        variables.push(("AWS_REGION", "sa-east-1"));
        let mut half = variables.clone();
        half.retain(|(name, _)| *name != "AWS_SECRET_ACCESS_KEY");
        assert!(find(&ServerChoice::default(), &half).is_err());
        assert!(find(&other, &half).is_ok());
        let place = find(&ServerChoice::default(), &variables).unwrap();
        assert_eq!(
            (place.keys.secret.as_str(), place.region.as_str()),
            ("of-environment", "sa-east-1")
        );
    }

    #[test]
    fn a_service_of_aws_needs_no_server() {
        let variables = [
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_REGION", "eu-west-1"),
        ];
        let at = |variables: &[(&str, &str)]| {
            let get = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let place = Place::find(&ServerChoice::default(), CLOUDTRAIL, &get).unwrap();
            place.endpoint("cn-north-1").unwrap().to_string()
        };
        assert_eq!(at(&variables), "https://cloudtrail.cn-north-1.amazonaws.com.cn/");
        let mut named = variables.to_vec();
        named.push(("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
        assert_eq!(at(&named), "http://127.0.0.1:1/");
        named.push(("AWS_ENDPOINT_URL_CLOUDTRAIL", "http://127.0.0.1:2"));
        assert_eq!(at(&named), "http://127.0.0.1:2/");
    }

    #[test]
    fn errors_say_what_to_do() {
        let says = |variables: &[(&str, &str)]| {
            format!("{:#}", find(&ServerChoice::default(), variables).unwrap_err())
        };
        assert!(says(&[]).contains("AWS_ENDPOINT_URL") && says(&[]).ends_with("--data DIR"));
        assert!(says(&[("CAIRN_DATA", "/of/it")]).ends_with("--data /of/it"));
        assert!(says(&[("AWS_ENDPOINT_URL", "localhost:4580")]).contains("http://"));
        let nowhere = [
            ("AWS_ENDPOINT_URL", "http://localhost:4580"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere"),
        ];
        assert!(says(&nowhere).contains("/nowhere"));
    }
}
