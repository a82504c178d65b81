//! Items by their parts, and within a part by a coarse order, so that looking them up goes through
//! memory from one end to the other.

use super::repeats::PARTS;

/// How many steps the order within a part has.
pub const STEPS: usize = 64;

/// The places of items, in order.
pub struct Ordered {
    places: Vec<u32>,
    /// Where each part begins, and the end.
    starts: Vec<usize>,
}

impl Ordered {
    /// Orders items by parts below [`PARTS`] and steps below [`STEPS`]; equal ones stay as they are.
    pub fn of<T>(items: &[T], part: impl Fn(&T) -> usize, step: impl Fn(&T) -> usize) -> Ordered {
        let bucket = |item: &T| part(item) * STEPS + step(item);
        let mut next = vec![0; PARTS * STEPS + 1];
        for item in items {
            next[bucket(item) + 1] += 1;
        }
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        let starts = next.iter().step_by(STEPS).copied().collect();
        let mut places = vec![0; items.len()];
        for (at, item) in (0u32..).zip(items) {
            let place = &mut next[bucket(item)];
            places[*place] = at;
            *place += 1;
        }
        Ordered { places, starts }
    }

    /// The parts that have items, with the places of these.
    pub fn parts(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let bounds = self.starts.windows(2).enumerate();
        let parts = bounds.map(|(part, ends)| (part, &self.places[ends[0]..ends[1]]));
        parts.filter(|(_, places)| !places.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_by_part_and_step_and_then_as_they_stood() {
        let items = [(63, 63), (2, 5), (0, 1), (2, 0), (2, 5), (0, 0)];
        let ordered = Ordered::of(&items, |(part, _)| *part, |(_, step)| *step);
        let parts: Vec<(usize, Vec<u32>)> = ordered
            .parts()
            .map(|(part, places)| (part, places.to_vec()))
            .collect();
        assert_eq!(parts, [(0, vec![5, 2]), (2, vec![3, 1, 4]), (63, vec![0])]);
        assert_eq!(Ordered::of(&[0; 0], |_| 0, |_| 0).parts().count(), 0);
    }
}
