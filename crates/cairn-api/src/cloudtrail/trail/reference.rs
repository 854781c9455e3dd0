//! Which trail a call means: by name, one of the caller's account and region; by ARN, also one that
//! is at home elsewhere.
//!
//! - A bare name is never looked for in other regions, even if a trail of all regions has it
//!   (observed).
//! - An ARN of another account is refused as such, since nobody has a trail of an organization
//!   (observed).

use cairn_event::Region;
use cairn_event::trail::{Trail, TrailArn, TrailName};

use super::super::CloudTrailError;
use super::fault::{ArnFault, TrailFault};
use super::store::{self, Stored};
use crate::Ctx;

/// What an ARN begins with.
pub(crate) const ARN: &str = "arn:";

/// A trail as a call names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    home_region: Region,
    name: TrailName,
}

/// How an operation names a trail that it does not find.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown {
    /// By its bare name (observed of `GetTrail`, even if it was called with an ARN; documented of
    /// `UpdateTrail`).
    Name,
    /// By its ARN (observed of `GetTrailStatus`, `StartLogging` and the selectors; assumed of the
    /// rest).
    Arn,
}

impl Reference {
    /// Reads a name or an ARN.
    pub(crate) fn parse(ctx: &Ctx, text: &str) -> Result<Self, TrailFault> {
        if text.starts_with(ARN) {
            return Ok(Self::of_arn(ctx, text)?);
        }
        Ok(Self { home_region: ctx.region.clone(), name: TrailName::parse(text)? })
    }

    /// Reads an ARN.
    pub(crate) fn of_arn(ctx: &Ctx, text: &str) -> Result<Self, ArnFault> {
        let arn = TrailArn::parse(text).map_err(|_| ArnFault::syntax(text))?;
        if arn.partition != TrailArn::partition_of(&arn.region) {
            return Err(ArnFault::syntax(text));
        }
        if arn.account != ctx.account {
            return Err(ArnFault::Account { account: ctx.account.to_string() });
        }
        Ok(Self { home_region: arn.region, name: arn.name })
    }

    /// Whether this is a name of a trail of the caller's account.
    pub(crate) fn means(&self, trail: &Trail) -> bool {
        trail.home_region == self.home_region && trail.name == self.name
    }

    /// The trail, wherever it is at home.
    pub(crate) async fn find(&self, ctx: &Ctx) -> Result<Option<Stored>, CloudTrailError> {
        store::find(ctx, &self.home_region, &self.name).await
    }

    /// The trail, to be read: it is there if the region of the call has it, itself or as a shadow.
    pub(crate) async fn read(&self, ctx: &Ctx, shown: Shown) -> Result<Stored, CloudTrailError> {
        let found = self.find(ctx).await?.ok_or_else(|| self.unknown(ctx, shown))?;
        if !found.trail.covers(&ctx.region) {
            return Err(TrailFault::from(ArnFault::region(&ctx.region)).into());
        }
        Ok(found)
    }

    /// The trail, to be changed: only its home region may.
    pub(crate) async fn open(&self, ctx: &Ctx, shown: Shown) -> Result<Stored, CloudTrailError> {
        let found = self.read(ctx, shown).await?;
        let trail = &found.trail;
        if trail.home_region != ctx.region {
            return Err(TrailFault::HomeRegion {
                arn: trail.arn().to_string(),
                home_region: trail.home_region.to_string(),
            }
            .into());
        }
        Ok(found)
    }

    fn unknown(&self, ctx: &Ctx, shown: Shown) -> TrailFault {
        let trail = match shown {
            Shown::Name => self.name.to_string(),
            Shown::Arn => TrailArn {
                partition: TrailArn::partition_of(&self.home_region).to_owned(),
                region: self.home_region.clone(),
                account: ctx.account.clone(),
                name: self.name.clone(),
            }
            .to_string(),
        };
        TrailFault::Unknown { trail, account: ctx.account.to_string() }
    }
}
