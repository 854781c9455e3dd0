//! Services that share a wire, told apart by what else the request says.

use super::hosts;
use super::index::index;
use crate::RequestHead;
use crate::model::ServiceHead;

/// Which of several services is meant, when the request fits all of them: the one that it hints at,
/// else the likeliest.
pub(super) fn meant<'a, T>(
    head: &RequestHead<'_>,
    fitting: &'a [T],
    of: impl Fn(&T) -> &'static ServiceHead,
) -> Option<&'a T> {
    if fitting.len() < 2 {
        return fitting.first();
    }
    hinted(head, fitting, &of).or_else(|| likeliest(fitting, of))
}

/// The service that the client's user agent names, or else the host.
pub(super) fn hinted<'a, T>(
    head: &RequestHead<'_>,
    fitting: &'a [T],
    of: impl Fn(&T) -> &'static ServiceHead,
) -> Option<&'a T> {
    let spoken = head.header("user-agent").and_then(spoken);
    let by_agent = spoken.and_then(|said| fitting.iter().find(|one| of(one).id == said.id));
    let host = head.host().unwrap_or_default();
    by_agent.or_else(|| {
        let mut named = fitting.iter().filter(|one| hosts::names(host, of(one).endpoint_prefix));
        named.next().filter(|_| named.next().is_none())
    })
}

/// The service whose model has the signing name for a name, else the first of the models.
pub(super) fn likeliest<T>(fitting: &[T], of: impl Fn(&T) -> &'static ServiceHead) -> Option<&T> {
    let namesake = fitting.iter().find(|one| of(one).id == of(one).signing_name);
    namesake.or(fitting.first())
}

/// The service that a user agent names: `api/neptune#1.2.3` of most SDKs, `md/command#neptune.…` of
/// the AWS CLI.
///
/// evidence: documented (SDK user agents), observed (AWS CLI 2).
fn spoken(agent: &str) -> Option<&'static ServiceHead> {
    agent.split(' ').find_map(|word| {
        let api = word.strip_prefix("api/").and_then(|api| api.split(['#', '/']).next());
        let command =
            || word.strip_prefix("md/command#").and_then(|command| command.split('.').next());
        index().with_api(api.or_else(command)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_name_services() {
        for (agent, id) in [
            ("aws-sdk-go-v2/1.30 os/linux api/neptune#1.2.3", Some("neptune")),
            ("aws-sdk-js/3.600.0 ua/2.0 api/lambda-microvms#3.600.0", Some("lambda-microvms")),
            ("aws-sdk-rust/1.3 os/linux api/Lambda_Microvms/1.0", Some("lambda-microvms")),
            ("aws-cli/2.17 md/awscrt#0.20 md/command#docdb.describe-db-clusters", Some("docdb")),
            ("Boto3/1.35 md/Botocore#1.35 ua/2.0", None),
            ("api/ api/# md/command#", None),
        ] {
            assert_eq!(spoken(agent).map(|head| head.id), id, "{agent}");
        }
    }
}
