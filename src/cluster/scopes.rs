use kube::{Api, Client, Resource, core::NamespaceResourceScope};

/// Which namespaces are watched.
#[derive(Clone, Debug)]
pub(crate) struct Scopes(Vec<Option<String>>);

impl Scopes {
    /// All namespaces when none is named; else those and the operator's own,
    /// where the defaults live.
    pub(crate) fn new(namespaces: &[String], operator_namespace: &str) -> Self {
        if namespaces.is_empty() {
            return Self(vec![None]);
        }
        let mut all: Vec<_> = namespaces.to_vec();
        all.push(operator_namespace.to_owned());
        all.sort();
        all.dedup();
        Self(all.into_iter().map(Some).collect())
    }

    /// One API handle a scope.
    pub(crate) fn apis<K>(&self, client: &Client) -> Vec<Api<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        self.0
            .iter()
            .map(|scope| match scope {
                Some(namespace) => Api::namespaced(client.clone(), namespace),
                None => Api::all(client.clone()),
            })
            .collect()
    }

    /// The namespaces; None stands for all of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Option<String>> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_own_namespace_is_watched_too() {
        let scopes = Scopes::new(&["b".to_owned(), "a".to_owned()], "operator");
        let names: Vec<_> = scopes.iter().flatten().cloned().collect();
        assert_eq!(names, ["a", "b", "operator"]);
        assert_eq!(Scopes::new(&[], "operator").iter().flatten().count(), 0);
    }
}
