//! `resources`: what a call touched, as the record itself lists it.

use std::borrow::Cow;

use crate::json::{self, Elements};

/// One entry of `resources`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceRef<'a> {
    /// `type`, such as `AWS::S3::Object`; some services leave it out.
    pub resource_type: Option<Cow<'a, str>>,
    /// `ARN`, or `arn` as some copies spell it.
    pub arn: Option<Cow<'a, str>>,
    /// `ARNPrefix`, instead of an ARN where a call touches many objects.
    pub arn_prefix: Option<Cow<'a, str>>,
    /// `accountId`: the owner.
    pub account_id: Option<Cow<'a, str>>,
}

/// The entries of `resources`; entries that are no objects come out empty.
#[derive(Clone, Debug)]
pub struct ResourceRefs<'a>(Option<Elements<'a>>);

impl<'a> ResourceRefs<'a> {
    pub(super) fn over(resources: Option<&'a str>) -> Self {
        Self(resources.map(json::elements))
    }
}

impl<'a> Iterator for ResourceRefs<'a> {
    type Item = ResourceRef<'a>;

    fn next(&mut self) -> Option<ResourceRef<'a>> {
        let mut found = ResourceRef::default();
        for (key, value) in json::members(self.0.as_mut()?.next()?) {
            match key {
                "type" => found.resource_type = json::string(value),
                "ARN" | "arn" => found.arn = json::string(value),
                "ARNPrefix" => found.arn_prefix = json::string(value),
                "accountId" => found.account_id = json::string(value),
                _ => {}
            }
        }
        Some(found)
    }
}
