//! Edits raw JSON and records each edit as a JSON Patch operation.
//!
//! Every operation is applied to a copy as it is recorded. So later edits see earlier ones, and an operation that does
//! not apply is found here, not by the API server, which would fail the request whatever the failure policy.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Value, json};

/// An edit that does not fit the object: a bug of ours.
#[derive(Debug, thiserror::Error)]
#[error("an edit does not apply to the object")]
pub(crate) struct EditError(#[from] json_patch::PatchError);

/// A copy of an object under edit.
pub(crate) struct Editor {
    root: PointerBuf,
    object: Value,
    operations: Vec<PatchOperation>,
}

impl Editor {
    /// Edits `object`, which is found at `root` of the object the patch is for.
    pub(crate) fn new(object: &Value, root: &[&str]) -> Self {
        Self {
            root: pointer(root),
            object: object.clone(),
            operations: Vec::new(),
        }
    }

    /// The object as edited so far.
    pub(crate) fn object(&self) -> &Value {
        &self.object
    }

    /// The operations so far.
    pub(crate) fn into_operations(self) -> Vec<PatchOperation> {
        self.operations
    }

    /// Sets `map[key]`, making the map if there is none. Does nothing when the value is there already.
    pub(crate) fn set(&mut self, map: &[&str], key: &str, value: Value) -> Result<(), EditError> {
        let present = self.at(map);
        if present.and_then(|map| map.get(key)) == Some(&value) {
            return Ok(());
        }
        if present.is_some_and(Value::is_object) {
            self.add(extended(map, key), value)
        } else {
            self.add(pointer(map), json!({ key: value }))
        }
    }

    /// Appends to an array, making it if there is none.
    pub(crate) fn append(&mut self, array: &[&str], value: Value) -> Result<(), EditError> {
        if self.at(array).is_some_and(Value::is_array) {
            self.add(extended(array, "-"), value)
        } else {
            self.add(pointer(array), Value::Array(vec![value]))
        }
    }

    /// Puts `values` before everything in an array, making it if there is none.
    pub(crate) fn prepend(&mut self, array: &[&str], values: Vec<Value>) -> Result<(), EditError> {
        if values.is_empty() {
            return Ok(());
        }
        if !self.at(array).is_some_and(Value::is_array) {
            return self.add(pointer(array), Value::Array(values));
        }
        values
            .into_iter()
            .enumerate()
            .try_for_each(|(index, value)| self.add(extended(array, &index.to_string()), value))
    }

    /// Replaces one element of an array.
    pub(crate) fn replace(
        &mut self,
        array: &[&str],
        index: usize,
        value: Value,
    ) -> Result<(), EditError> {
        let path = extended(array, &index.to_string());
        self.apply(PatchOperation::Replace(ReplaceOperation { path, value }))
    }

    /// Removes every element of an array that `stale` picks.
    pub(crate) fn remove_where(
        &mut self,
        array: &[&str],
        stale: impl Fn(&Value) -> bool,
    ) -> Result<(), EditError> {
        let elements = self
            .at(array)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let picked: Vec<usize> = elements
            .iter()
            .enumerate()
            .filter(|(_, element)| stale(element))
            .map(|(index, _)| index)
            .collect();
        // From the end, so that earlier indices stay right.
        picked.into_iter().rev().try_for_each(|index| {
            let path = extended(array, &index.to_string());
            self.apply(PatchOperation::Remove(RemoveOperation { path }))
        })
    }

    fn at(&self, tokens: &[&str]) -> Option<&Value> {
        pointer(tokens).resolve(&self.object).ok()
    }

    fn add(&mut self, path: PointerBuf, value: Value) -> Result<(), EditError> {
        self.apply(PatchOperation::Add(AddOperation { path, value }))
    }

    fn apply(&mut self, mut operation: PatchOperation) -> Result<(), EditError> {
        json_patch::patch(&mut self.object, std::slice::from_ref(&operation))?;
        let path = match &mut operation {
            PatchOperation::Add(add) => &mut add.path,
            PatchOperation::Remove(remove) => &mut remove.path,
            PatchOperation::Replace(replace) => &mut replace.path,
            PatchOperation::Move(to) => &mut to.path,
            PatchOperation::Copy(to) => &mut to.path,
            PatchOperation::Test(test) => &mut test.path,
        };
        *path = self.root.concat(path);
        self.operations.push(operation);
        Ok(())
    }
}

fn pointer(tokens: &[&str]) -> PointerBuf {
    PointerBuf::from_tokens(tokens.iter().copied())
}

fn extended(tokens: &[&str], last: &str) -> PointerBuf {
    PointerBuf::from_tokens(tokens.iter().copied().chain([last]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_what_is_missing_and_escapes_names() {
        let mut editor = Editor::new(&json!({"metadata": {}, "spec": {"volumes": null}}), &[]);
        editor
            .set(&["metadata", "annotations"], "a.b/c~d", json!("1"))
            .unwrap();
        editor
            .set(&["metadata", "annotations"], "a.b/e", json!("2"))
            .unwrap();
        editor
            .set(&["metadata", "annotations"], "a.b/e", json!("2"))
            .unwrap();
        editor
            .append(&["spec", "volumes"], json!({"name": "v"}))
            .unwrap();
        editor
            .append(&["spec", "volumes"], json!({"name": "w"}))
            .unwrap();
        assert_eq!(
            editor.object()["metadata"]["annotations"],
            json!({"a.b/c~d": "1", "a.b/e": "2"})
        );
        let operations = serde_json::to_value(editor.into_operations()).unwrap();
        let paths: Vec<_> = operations
            .as_array()
            .unwrap()
            .iter()
            .map(|op| op["path"].as_str().unwrap())
            .collect();
        assert_eq!(
            paths,
            [
                "/metadata/annotations",
                "/metadata/annotations/a.b~1e",
                "/spec/volumes",
                "/spec/volumes/-"
            ]
        );
    }

    #[test]
    fn operations_apply_below_the_root() {
        let object = json!({"spec": {"template": {"list": [1, 2, 3, 4]}}});
        let mut editor = Editor::new(&object["spec"]["template"], &["spec", "template"]);
        editor
            .remove_where(&["list"], |value| {
                value.as_i64().is_some_and(|n| n % 2 == 0)
            })
            .unwrap();
        editor.prepend(&["list"], vec![json!(8), json!(9)]).unwrap();
        editor.replace(&["list"], 2, json!(7)).unwrap();
        let mut patched = object;
        json_patch::patch(&mut patched, &editor.into_operations()).unwrap();
        assert_eq!(
            patched,
            json!({"spec": {"template": {"list": [8, 9, 7, 3]}}})
        );
    }

    #[test]
    fn an_edit_that_does_not_fit_is_an_error() {
        let mut editor = Editor::new(&json!({}), &[]);
        assert!(editor.append(&["spec", "volumes"], json!(1)).is_err());
    }
}
