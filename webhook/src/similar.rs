//! Did you mean …?

/// The candidate nearest to `word`, when it is near enough to be a slip of the finger: at most two edits, one for
/// words of up to four characters, none for a single one.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = match word.chars().count() {
        0 | 1 => 0,
        2..=4 => 1,
        _ => 2,
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, _)| (1..=allowed).contains(edits))
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "x"?` or nothing, ready to be put after a message.
pub(crate) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |found| format!("; did you mean {found:?}?"))
}

/// Damerau-Levenshtein distance with adjacent transpositions.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits_and_swaps() {
        for (left, right, edits) in [
            ("", "", 0),
            ("path", "pth", 1),
            ("orders-bd", "orders-db", 1),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
            assert_eq!(distance(right, left), edits, "{right} {left}");
        }
    }

    #[test]
    fn short_words_allow_one_edit_only() {
        assert_eq!(nearest("ent", ["env", "mount"]), Some("env"));
        assert_eq!(nearest("abc", ["env"]), None);
        assert_eq!(
            nearest("contaners", ["containers", "keys"]),
            Some("containers")
        );
        assert_eq!(nearest("keys", ["keys"]), None);
        assert_eq!(nearest("b", ["a"]), None);
    }
}
