//! `CreateTrail`: a trail that does not log yet.
//!
//! - It takes all management events until selectors are put (documented).
//! - What the check of the bucket wrote stays there if the call fails afterwards (observed).

use aws_lc_rs::digest::{SHA256, digest};
use cairn_event::selector::Selectors;
use cairn_event::trail::{Trail, TrailName};

use super::CloudTrailError;
use super::trail::fault::TrailFault;
use super::trail::plan::{Input, Plan};
use super::trail::shown::Settings;
use super::trail::{destination, room, store, tags};
use crate::Ctx;

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Settings, CloudTrailError> {
    let mut trail = blank(ctx, TrailName::parse(&input.name).map_err(TrailFault::from)?);
    tags::check(&input.tags_list).map_err(TrailFault::from)?;
    let tags_max = ctx.services.trails.tags_max;
    tags::add(&mut trail.tags, &input.tags_list, tags_max).map_err(TrailFault::from)?;
    let plan = Plan::read(ctx, input)?;
    plan.bucket().map_err(TrailFault::from)?;
    plan.apply(&mut trail, ctx.now)?;

    store::tidy(ctx).await?;
    // Once before anything is written to the bucket, and once when nobody can come in between.
    room::check(ctx, &trail).await?;
    destination::admit(ctx, &mut trail, &plan.key).await?;
    let turn = ctx.services.trails.admission.turn().await;
    room::check(ctx, &trail).await?;
    trail.changed = store::committed(ctx);
    trail.selected_since = trail.changed;
    let is_new = store::create(ctx, &trail).await?;
    drop(turn);
    if is_new { Ok(Settings::of(&trail)) } else { Err(room::taken(&trail).into()) }
}

/// A trail as it is if the caller says nothing (documented).
fn blank(ctx: &Ctx, name: TrailName) -> Trail {
    Trail {
        id: id(ctx, &name),
        name,
        account: ctx.account.clone(),
        home_region: ctx.region.clone(),
        created: ctx.now,
        bucket: String::new(),
        prefix: None,
        sns_topic: None,
        includes_global_service_events: true,
        is_multi_region: false,
        validates_log_files: false,
        is_organization: false,
        recursive_logging: true,
        kms_key_arn: None,
        log_group_arn: None,
        log_role_arn: None,
        selectors: Selectors::default(),
        has_custom_selectors: false,
        aggregation_templates: Vec::new(),
        tags: Vec::new(),
        spans: Vec::new(),
        digests: None,
        digest_epochs: 0,
        changed: 0,
        selected_since: 0,
        deleted: None,
    }
}

/// An id that no other trail has: the request's own is unique.
fn id(ctx: &Ctx, name: &TrailName) -> String {
    let text = format!("{}\n{}\n{}\n{name}", ctx.request_id, ctx.account, ctx.region);
    let hash = digest(&SHA256, text.as_bytes());
    let start = hash.as_ref().first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(start))
}
