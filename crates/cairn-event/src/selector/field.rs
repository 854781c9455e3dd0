//! The fields of a record that selectors know, and their values.

use crate::{RecordHead, ResourceRef};

/// A field that a condition can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    EventCategory,
    EventSource,
    ReadOnly,
    EventName,
    EventType,
    ResourcesType,
    ResourcesArn,
    SessionCredentialFromConsole,
    UserIdentityArn,
    ErrorCode,
    VpcEndpointId,
}

/// All of them, in the order of their names.
const NAMES: [(&str, Field); 11] = [
    ("errorCode", Field::ErrorCode),
    ("eventCategory", Field::EventCategory),
    ("eventName", Field::EventName),
    ("eventSource", Field::EventSource),
    ("eventType", Field::EventType),
    ("readOnly", Field::ReadOnly),
    ("resources.ARN", Field::ResourcesArn),
    ("resources.type", Field::ResourcesType),
    ("sessionCredentialFromConsole", Field::SessionCredentialFromConsole),
    ("userIdentity.arn", Field::UserIdentityArn),
    ("vpcEndpointId", Field::VpcEndpointId),
];

impl Field {
    /// The field of a name; names are compared byte by byte.
    pub(super) fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub(super) fn as_str(self) -> &'static str {
        NAMES.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    /// Whether its value belongs to an entry of `resources`, not to the record.
    pub(super) const fn is_of_resource(self) -> bool {
        matches!(self, Self::ResourcesType | Self::ResourcesArn)
    }

    /// The value that a record, seen through one of its resources, has for conditions. Only an
    /// absent field has none: no positive operator holds for it, and every negative one (assumed).
    pub(super) fn value<'h>(
        self,
        record: &'h RecordHead<'_>,
        resource: &'h ResourceRef<'_>,
    ) -> Option<&'h str> {
        match self {
            Self::EventCategory => record.category().as_str(),
            Self::EventSource => record.event_source.as_deref(),
            // Optional in records: those of the first versions, network activity and some service
            // events lack it. Such a record counts as a write (assumed): whoever selects writes
            // wants to see what changed, and a record that says nothing may tell of a change.
            Self::ReadOnly => Some(if record.read_only == Some(true) { "true" } else { "false" }),
            Self::EventName => record.event_name.as_deref(),
            Self::EventType => record.event_type.as_deref(),
            Self::ResourcesType => resource.resource_type.as_deref(),
            // A listing or a deletion of many names the beginning that its objects share
            // (observed); it is compared as if it were an ARN (assumed).
            Self::ResourcesArn => resource.arn.as_deref().or(resource.arn_prefix.as_deref()),
            // Documented as present only where it is true.
            Self::SessionCredentialFromConsole => {
                record.session_credential_from_console.map(|is| if is { "true" } else { "false" })
            }
            Self::UserIdentityArn => record.identity.arn.as_deref(),
            Self::ErrorCode => record.error_code.as_deref(),
            Self::VpcEndpointId => record.vpc_endpoint_id.as_deref(),
        }
    }
}
