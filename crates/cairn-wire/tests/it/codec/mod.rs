//! The codecs through their public face: answers byte for byte, and bytes from anyone.

mod answers;
mod hostile;
