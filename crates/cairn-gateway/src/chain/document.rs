//! A body that was read whole: as it came, and as it was before compression.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use cairn_wire::codec::limits::DECOMPRESSED_BYTES_MAX;
use cairn_wire::codec::{DecodeError, is_packed, unpacked};
use cairn_wire::resolve::{BaseDomains, Resolution, ResolveError, resolve};
use http::HeaderMap;
use http::request::Parts;

use super::head_of;
use crate::beside::{Beside, Place};
use crate::body::ReadError;
use crate::budget::Share;
use crate::limits::{INLINE_BYTES_MAX, UNPROVEN_UNPACKED_BYTES_MAX, UNPROVEN_UNPACKED_RATIO_MAX};

/// Such a body; what it holds is taken from the share of its request. A copy is cheap.
#[derive(Clone)]
pub(super) struct Document {
    sent: Bytes,
    plain: Option<Bytes>,
    share: Arc<Share>,
}

/// A form that was unpacked, and what it calls.
pub(super) type Form = (Document, Result<Resolution, ResolveError>);

impl Document {
    /// A body as it came.
    pub(super) fn new(sent: Bytes, share: Arc<Share>) -> Self {
        Self { sent, plain: None, share }
    }

    /// Whether its sender names no key that we know.
    pub(super) fn is_strangers(&self) -> bool {
        self.share.is_strangers()
    }

    /// The body as it came: what a signature covers, and what is passed on.
    pub(super) fn sent(&self) -> &Bytes {
        &self.sent
    }

    /// The body before compression, for a caller who was verified.
    pub(super) fn plain(&self, headers: &HeaderMap) -> Result<Cow<'_, [u8]>, DecodeError> {
        match &self.plain {
            Some(plain) => Ok(Cow::Borrowed(plain)),
            None => self.unpack(headers, DECOMPRESSED_BYTES_MAX),
        }
    }

    /// All that a server can take for the body: as it came and, if it was unpacked, as it was before.
    pub(super) fn readings(&self) -> Vec<&[u8]> {
        [Some(&self.sent), self.plain.as_ref()].into_iter().flatten().map(|it| &**it).collect()
    }

    /// Looks for the operation in a form. Nobody is known yet, so it unpacks to little.
    pub(super) fn into_form(
        mut self,
        parts: &Parts,
        hosts: &BaseDomains,
    ) -> Result<Form, DecodeError> {
        let by_length = self.sent.len().saturating_mul(UNPROVEN_UNPACKED_RATIO_MAX);
        let bytes_max = by_length.clamp(INLINE_BYTES_MAX, UNPROVEN_UNPACKED_BYTES_MAX);
        if let Cow::Owned(plain) = self.unpack(&parts.headers, bytes_max)? {
            self.plain = Some(plain.into());
        }
        let form = self.plain.as_ref().unwrap_or(&self.sent);
        let resolution = resolve(&head_of(parts), Some(form), hosts);
        Ok((self, resolution))
    }

    fn unpack(&self, headers: &HeaderMap, bytes_max: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        unpacked(headers, &self.sent, bytes_max, |bytes| self.share.take(bytes))
    }

    /// A place to read it beside the lanes, if that takes long.
    pub(super) async fn place(
        &self,
        beside: &Beside,
        headers: &HeaderMap,
    ) -> Result<Option<Place>, ReadError> {
        if !takes_long(headers, &self.sent, self.plain.as_deref()) {
            return Ok(None);
        }
        let place = beside.place(self.share.is_strangers()).await;
        place.map(Some).ok_or(ReadError::Crowded)
    }
}

/// Whether it takes long to read a body: it is large, or nobody knows what it unpacks to.
pub(super) fn takes_long(headers: &HeaderMap, sent: &[u8], plain: Option<&[u8]>) -> bool {
    let is_large = |body: &[u8]| body.len() > INLINE_BYTES_MAX;
    is_large(sent) || plain.map_or_else(|| is_packed(headers, sent), is_large)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::num::NonZeroUsize;

    use cairn_wire::model::Protocol;
    use flate2::{Compression, write::GzEncoder};
    use http::{HeaderValue, Request, header};

    use super::*;
    use crate::budget::Budget;
    use crate::limits::STRANGERS_BYTES_MAX;

    fn packed(plain: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    fn parts() -> Parts {
        let mut parts = Request::post("/").body(()).unwrap().into_parts().0;
        parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        parts.headers.insert(header::CONTENT_TYPE, form);
        parts
    }

    fn document(budget: &Arc<Budget>, sent: Bytes) -> Document {
        Document::new(sent, Arc::new(budget.share(true)))
    }

    /// A form of metrics whose text does not repeat itself.
    fn metrics(bytes: usize) -> Vec<u8> {
        let mut form = b"Action=PutMetricData&Version=2010-08-01".to_vec();
        let mut state = 1_u64;
        while form.len() < bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            write!(form, "&MetricData.member.{state}.Value={}", state >> 20).unwrap();
        }
        form
    }

    fn read(document: Document) -> Result<Form, DecodeError> {
        document.into_form(&parts(), &BaseDomains::default())
    }

    #[test]
    fn a_form_is_read_as_it_was_and_paid_for() {
        let budget = Arc::new(Budget::default());
        let plain = metrics(500_000);
        let (document, resolution) = read(document(&budget, packed(&plain))).unwrap();
        let Ok(Resolution::Call(resolved)) = resolution else { panic!("{resolution:?}") };
        assert_eq!((resolved.call().name(), resolved.protocol), ("PutMetricData", Protocol::Query));
        assert_eq!(document.plain(&parts().headers).unwrap(), plain);
        assert_eq!(document.readings().len(), 2);
        assert!(!budget.share(true).take(STRANGERS_BYTES_MAX - plain.len() + 1));
        drop(document);
        assert!(budget.share(true).take(STRANGERS_BYTES_MAX));
    }

    #[test]
    fn who_is_not_known_unpacks_little() {
        let budget = Arc::new(Budget::default());
        let form = |plain: &[u8]| read(document(&budget, packed(plain))).map(|_| ());
        let blanks = |bytes| vec![b' '; bytes];
        assert_eq!(form(&blanks(INLINE_BYTES_MAX)), Ok(()));
        assert!(matches!(form(&blanks(500_000)), Err(DecodeError::TooLarge(max)) if max < 500_000));
        let large = metrics(UNPROVEN_UNPACKED_BYTES_MAX + 1);
        assert_eq!(form(&large), Err(DecodeError::TooLarge(UNPROVEN_UNPACKED_BYTES_MAX)));
        let others = budget.share(true);
        assert!(others.take(STRANGERS_BYTES_MAX - 400_000));
        assert_eq!(form(&metrics(500_000)), Err(DecodeError::NoRoom));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_small_stays_on_its_lane() {
        let (beside, budget) = (Beside::new(NonZeroUsize::MIN), Arc::new(Budget::default()));
        let headers = parts().headers;
        let _taken = beside.place(true).await.unwrap();
        for (sent, is_small) in [
            (Bytes::from(vec![b'x'; INLINE_BYTES_MAX]), true),
            (Bytes::from(vec![b'x'; INLINE_BYTES_MAX + 1]), false),
            (packed(b"small, but who knows"), false),
        ] {
            let place = document(&budget, sent).place(&beside, &headers).await;
            let wanted = if is_small { Ok(true) } else { Err(ReadError::Crowded) };
            assert_eq!(place.map(|place| place.is_none()), wanted);
        }
        let (unpacked, _) = read(document(&budget, packed(b"Action=A"))).unwrap();
        assert!(unpacked.place(&beside, &headers).await.unwrap().is_none());
    }
}
