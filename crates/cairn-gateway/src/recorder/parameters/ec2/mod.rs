//! EC2's two styles. The operations of its API of 2015 are written with the names and sets of its
//! SOAP days; all newer ones as the XML of the wire turned into JSON.

pub(in crate::recorder) mod new;
pub(in crate::recorder) mod old;
pub(in crate::recorder) mod sets;
