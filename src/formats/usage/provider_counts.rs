//! Providers' own usage exports: quantities by project and key, without customers and without
//! money. They are recognized so that the message can name the export that helps.

use crate::formats::{KnownUseless, Sample};

/// OpenAI's completions usage export (24 or 26 columns; four for a range without usage).
pub static OPENAI_USAGE: KnownUseless = KnownUseless {
    title: "OpenAI completions usage export (CSV)",
    detect: is_openai_usage,
    advice: "it has quantities without money and without customers; this version reads the cost export: platform.openai.com/usage, Export, Cost data, grouped by line item and project",
};

/// Anthropic's Console tokens export.
pub static ANTHROPIC_TOKENS: KnownUseless = KnownUseless {
    title: "Anthropic Console tokens export (CSV)",
    detect: |sample: &Sample<'_>| {
        sample.has_all(&["usage_date_utc", "model_version", "usage_output_tokens"])
    },
    advice: "it has quantities without money and without customers; this version reads the cost export: Claude Console, Cost, Export",
};

/// Whether the sample is OpenAI's usage export. An empty one has the bytes of an empty cost
/// export; its file name tells.
pub fn is_openai_usage(sample: &Sample<'_>) -> bool {
    let times = ["start_time", "end_time", "start_time_iso", "end_time_iso"];
    let empty = sample.has_all(&times)
        && sample.header.len() == times.len()
        && sample.file_name.starts_with("completions_usage");
    empty
        || sample.has_all(&[
            "start_time",
            "end_time",
            "num_model_requests",
            "input_tokens",
            "output_tokens",
        ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::sample;

    #[test]
    fn usage_exports_are_recognized_and_cost_exports_are_not() {
        for (name, header, openai, anthropic) in [
            (
                "a.csv",
                "start_time,end_time,num_model_requests,input_tokens,output_tokens",
                true,
                false,
            ),
            (
                "completions_usage_1.csv",
                "start_time,end_time,start_time_iso,end_time_iso",
                true,
                false,
            ),
            (
                "cost_1.csv",
                "start_time,end_time,start_time_iso,end_time_iso",
                false,
                false,
            ),
            (
                "a.csv",
                "start_time,end_time,amount_value,amount_currency",
                false,
                false,
            ),
            (
                "a.csv",
                "usage_date_utc,model_version,api_key,usage_output_tokens",
                false,
                true,
            ),
            (
                "a.csv",
                "usage_date_utc,model,token_type,cost_usd",
                false,
                false,
            ),
        ] {
            sample(name, header, |s| {
                assert_eq!(is_openai_usage(s), openai, "{header}");
                assert_eq!((ANTHROPIC_TOKENS.detect)(s), anthropic, "{header}");
            });
        }
    }
}
