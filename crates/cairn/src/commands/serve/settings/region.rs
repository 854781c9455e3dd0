//! The region of a server, which it gives to calls that name none. A typing error here would be in
//! every record and in the name of every delivered file.

use cairn_event::Region;

/// The letters of a region's area, such as `us`, `me` or `eusc`.
const AREA_LETTERS: std::ops::RangeInclusive<usize> = 2..=4;
/// The digits of its number, at most.
const NUMBER_DIGITS_MAX: usize = 2;

/// Takes a region that is formed as AWS forms them, those of its other partitions among them; which
/// ones there are by now is not for a list of ours to say.
///
/// evidence: modelled (the patterns of the partitions in botocore's `partitions.json`).
pub(super) fn parse(text: &str) -> anyhow::Result<Region> {
    anyhow::ensure!(
        is_well_formed(text),
        "{text:?} is not formed as an AWS region is: us-east-1, us-gov-west-1, cn-north-1"
    );
    Ok(Region::parse(text)?)
}

fn is_well_formed(text: &str) -> bool {
    let labels: Vec<&str> = text.split('-').collect();
    let [area, places @ .., number] = labels.as_slice() else { return false };
    let is_word =
        |label: &&str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_lowercase());
    AREA_LETTERS.contains(&area.len())
        && is_word(area)
        && !places.is_empty()
        && places.iter().all(is_word)
        && (1..=NUMBER_DIGITS_MAX).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn regions_of_every_partition_are_taken() {
        for region in [
            "us-east-1",
            "ap-southeast-7",
            "mx-central-1",
            "us-gov-west-1",
            "cn-northwest-1",
            "us-iso-east-1",
            "us-isob-west-1",
            "eu-isoe-west-1",
            "us-isof-south-1",
            "eusc-de-east-1",
            "us-east-99",
        ] {
            assert_eq!(parse(region).unwrap().as_str(), region);
        }
    }

    #[test]
    fn what_is_formed_otherwise_is_refused() {
        for text in [
            "",
            "mars",
            "us-east",
            "us-1",
            "us-east-",
            "us--1",
            "-east-1",
            "US-EAST-1",
            "us_east_1",
            "us-east-1a",
            "us-east-100",
            "us-east-1-lax-1",
            "aws-global",
            "region-east-1",
            " us-east-1",
            "us-e\u{e4}st-1",
        ] {
            assert!(parse(text).unwrap_err().to_string().contains("us-gov-west-1"), "{text}");
        }
    }
}
