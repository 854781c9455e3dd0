//! The shared credentials file of AWS's tools.

use std::fmt;

use crate::{AccessKeyId, IamError, SecretKey};

/// The keys of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileKeys {
    /// `aws_access_key_id`.
    pub key: AccessKeyId,
    /// `aws_secret_access_key`.
    pub secret: SecretKey,
    /// `aws_session_token`.
    pub session_token: Option<String>,
}

/// The text of a credentials file with one profile.
pub fn render_credentials(profile: &str, keys: &ProfileKeys) -> String {
    let mut text = format!(
        "[{profile}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.key,
        keys.secret.expose()
    );
    if let Some(token) = &keys.session_token {
        text.push_str("aws_session_token = ");
        text.push_str(token);
        text.push('\n');
    }
    text
}

/// A profile as it stands in a file: the keys of another service may be of any form.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileText {
    /// `aws_access_key_id`.
    pub key: String,
    /// `aws_secret_access_key`.
    pub secret: String,
    /// `aws_session_token`.
    pub session_token: Option<String>,
}

impl fmt::Debug for ProfileText {
    /// Without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileText").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Reads one profile of a credentials file. Other profiles and settings are skipped; of a setting
/// that comes twice, the last one counts, as in AWS's tools.
pub fn parse_credentials(text: &str, profile: &str) -> Result<ProfileKeys, IamError> {
    let ProfileText { key, secret, session_token } = read_profile(text, profile)?;
    Ok(ProfileKeys {
        key: AccessKeyId::parse(&key)?,
        secret: SecretKey::parse(&secret)?,
        session_token,
    })
}

/// Reads one profile as [`parse_credentials`] does, and takes its keys as they are.
pub fn read_profile(text: &str, profile: &str) -> Result<ProfileText, IamError> {
    let (mut key, mut secret, mut session_token) = (None, None, None);
    let (mut inside, mut found) = (false, false);
    for (index, line) in text.lines().enumerate() {
        // An indented line continues a nested setting, of which none is ours.
        let nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) || nested {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = name.split_once(']').map(|(name, _)| name.trim());
            inside = name.ok_or(IamError::MalformedLine { line: index + 1 })? == profile;
            found |= inside;
            continue;
        }
        let setting = line.split_once('=').ok_or(IamError::MalformedLine { line: index + 1 })?;
        if !inside {
            continue;
        }
        let value = Some(setting.1.trim().to_owned());
        match setting.0.trim() {
            "aws_access_key_id" => key = value,
            "aws_secret_access_key" => secret = value,
            "aws_session_token" => session_token = value,
            _ => {}
        }
    }
    if !found {
        return Err(IamError::NoProfile { profile: profile.to_owned() });
    }
    Ok(ProfileText {
        key: key.ok_or(IamError::NoSetting { name: "aws_access_key_id" })?,
        secret: secret.ok_or(IamError::NoSetting { name: "aws_secret_access_key" })?,
        session_token: session_token.filter(|token| !token.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(session_token: Option<&str>) -> ProfileKeys {
        ProfileKeys {
            key: AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE").unwrap(),
            secret: SecretKey::parse("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap(),
            session_token: session_token.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_rendered_reads_back() {
        for keys in [keys(None), keys(Some("FwoGZXIvYXdzE=="))] {
            let text = render_credentials("default", &keys);
            assert_eq!(parse_credentials(&text, "default"), Ok(keys));
        }
    }

    #[test]
    fn reads_what_people_write() {
        let text = "# mine\r\n[other]\naws_access_key_id=AKIAAAAAAAAAAAAAAAAA\n\n[ default ]\n; keys\n\
            aws_access_key_id=AKIAIOSFODNN7EXAMPLE\nregion = eu-west-1\ns3 =\n\
            \x20 max_concurrent_requests = 20\n\
            aws_secret_access_key   =  wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY  \n";
        assert_eq!(parse_credentials(text, "default"), Ok(keys(None)));
    }

    #[test]
    fn says_what_is_missing() {
        let parse = |text| parse_credentials(text, "default");
        assert_eq!(parse(""), Err(IamError::NoProfile { profile: "default".to_owned() }));
        assert_eq!(
            parse("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"),
            Err(IamError::NoSetting { name: "aws_secret_access_key" })
        );
        assert_eq!(parse("[default]\nnonsense\n"), Err(IamError::MalformedLine { line: 2 }));
        assert_eq!(parse("[default\n"), Err(IamError::MalformedLine { line: 1 }));
        assert_eq!(
            parse("[default]\naws_access_key_id = a/b\naws_secret_access_key = x\n"),
            Err(IamError::MalformedAccessKey)
        );
    }
}
