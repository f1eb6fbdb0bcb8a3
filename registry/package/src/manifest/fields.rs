//! Takes fields out of a table one by one, so that whatever is left over is unknown.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{FieldFault, ManifestError};
use crate::text::did_you_mean;

/// A table of a manifest file, whatever the file's syntax.
pub(super) struct Fields {
    /// What messages call it.
    place: &'static str,
    known: &'static [&'static str],
    values: Map<String, Value>,
}

impl Fields {
    /// Refuses a table that has fields beyond the known ones.
    pub(super) fn new(
        place: &'static str,
        known: &'static [&'static str],
        values: Map<String, Value>,
    ) -> Result<Self, ManifestError> {
        refuse_unknown(place, known, &values)?;
        Ok(Self {
            place,
            known,
            values,
        })
    }

    /// A table of which some fields are somebody else's business.
    pub(super) fn lenient(place: &'static str, values: Map<String, Value>) -> Self {
        Self {
            place,
            known: &[],
            values,
        }
    }

    /// Takes a field as a type, if it is there.
    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        field: &str,
    ) -> Result<Option<T>, ManifestError> {
        debug_assert!(
            self.known.is_empty() || self.known.contains(&field),
            "{} {field}",
            self.place
        );
        match self.values.remove(field) {
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| ManifestError::field(field, error.to_string())),
            None => Ok(None),
        }
    }

    /// Takes a text and reads it as a type.
    pub(super) fn parse<T>(&mut self, field: &str) -> Result<Option<T>, ManifestError>
    where
        T: std::str::FromStr,
        T::Err: Into<FieldFault>,
    {
        let Some(text) = self.take::<String>(field)? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|fault: T::Err| ManifestError::field(field, fault))
    }

    /// Looks at a field without taking it.
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.values.get(field)
    }

    /// Puts a value where none is.
    pub(super) fn insert(&mut self, field: &str, value: Value) {
        self.values.insert(field.into(), value);
    }
}

/// Names the first field that is not known, and the known one nearest to it.
pub(super) fn refuse_unknown(
    place: &str,
    known: &[&'static str],
    values: &Map<String, Value>,
) -> Result<(), ManifestError> {
    match values.keys().find(|field| !known.contains(&field.as_str())) {
        Some(field) => {
            let hint = did_you_mean(field, known.iter().copied());
            let field = field
                .chars()
                .take(60)
                .flat_map(char::escape_debug)
                .collect();
            Err(ManifestError::UnknownField {
                field,
                place: place.into(),
                hint,
            })
        }
        None => Ok(()),
    }
}
