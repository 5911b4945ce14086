//! What a template asks its input for, found without running it.

use crate::parse::node::{Branch, Node, Operand, OperandKind, Pipe};
use crate::set::Set;

/// A field of the input that a template names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputField {
    /// Its name, without the dot.
    pub name: String,
    /// Line from 1.
    pub line: usize,
    /// Column in bytes from 0.
    pub column: usize,
}

/// A part of the tree that is still to be looked at.
enum Part<'t> {
    Nodes(&'t [Node]),
    Pipe(&'t Pipe),
    Operand(&'t Operand),
}

impl Set {
    /// The fields that the template `name` asks its input for, in the order of the text: `.Name` where the dot is the
    /// input, and `$.Name`. The templates that it calls are not looked into.
    pub fn input_fields(&self, name: &str) -> Vec<InputField> {
        let Some(template) = self.template(name) else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        // With each part goes whether the dot is the input there. A list, since trees can be deep.
        let mut pending = vec![(Part::Nodes(&template.tree.root), true)];
        while let Some((part, is_input)) = pending.pop() {
            match part {
                Part::Nodes(nodes) => {
                    for node in nodes {
                        push_node(&mut pending, node, is_input);
                    }
                }
                Part::Pipe(pipe) => {
                    let operands = pipe.cmds.iter().flat_map(|command| &command.args);
                    pending.extend(operands.map(|operand| (Part::Operand(operand), is_input)));
                }
                Part::Operand(operand) => {
                    let found = match &operand.kind {
                        // The operand's position is that of the second name, where there is one.
                        OperandKind::Field(names) if is_input => match names.as_slice() {
                            [name] => Some((name, operand.pos)),
                            [name, ..] => Some((name, operand.pos - name.len() - ".".len())),
                            [] => None,
                        },
                        OperandKind::Variable(names) => match names.as_slice() {
                            [dollar, name, ..] if dollar == "$" => Some((name, operand.pos)),
                            _ => None,
                        },
                        OperandKind::Chain(inner, _) => {
                            pending.push((Part::Operand(inner), is_input));
                            None
                        }
                        OperandKind::Pipe(pipe) => {
                            pending.push((Part::Pipe(pipe), is_input));
                            None
                        }
                        _ => None,
                    };
                    if let Some((name, pos)) = found {
                        let (line, column) = template.source.place(pos);
                        let name = name.clone();
                        fields.push(InputField { name, line, column });
                    }
                }
            }
        }
        fields.sort_by_key(|field| (field.line, field.column));
        fields
    }
}

fn push_node<'t>(pending: &mut Vec<(Part<'t>, bool)>, node: &'t Node, is_input: bool) {
    let mut branch = |branch: &'t Branch, body_is_input: bool| {
        for (pipe, body) in &branch.arms {
            pending.push((Part::Pipe(pipe), is_input));
            pending.push((Part::Nodes(body), body_is_input));
        }
        pending.push((Part::Nodes(&branch.otherwise), is_input));
    };
    match node {
        Node::If(arms) => branch(arms, is_input),
        Node::With(arms) => branch(arms, false),
        Node::Range(range) => {
            pending.push((Part::Pipe(&range.pipe), is_input));
            pending.push((Part::Nodes(&range.body), false));
            pending.push((Part::Nodes(&range.otherwise), is_input));
        }
        Node::Action(action) => pending.push((Part::Pipe(&action.pipe), is_input)),
        Node::Template(call) => {
            pending.extend(call.pipe.as_ref().map(|pipe| (Part::Pipe(pipe), is_input)));
        }
        Node::Text(_) | Node::Break | Node::Continue => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let mut set = Set::new();
        set.parse("t", text.as_bytes()).unwrap();
        let fields = set.input_fields("t");
        let place = |field: &InputField| format!("{} {}:{}", field.name, field.line, field.column);
        fields.iter().map(place).collect()
    }

    #[test]
    fn fields_of_the_input_are_found_wherever_the_dot_is_the_input() {
        for (text, fields) in [
            ("{{ .A }}\n{{ .B.c | len }}", &["A 1:3", "B 2:3"][..]),
            (
                "{{ if .A }}{{ .B }}{{ else if .C }}{{ $.D.x }}{{ end }}",
                &["A 1:6", "B 1:14", "C 1:30", "D 1:39"],
            ),
            (
                "{{ with .A }}{{ .b }}{{ $.C }}{{ else }}{{ .D }}{{ end }}",
                &["A 1:8", "C 1:25", "D 1:43"],
            ),
            (
                "{{ range $k, $v := .A }}{{ .b }}{{ $v.c }}{{ else }}{{ .D }}{{ end }}",
                &["A 1:19", "D 1:55"],
            ),
            (
                r#"{{ index (.A) "b" }}{{ (index .C 0).d }}"#,
                &["A 1:10", "C 1:30"],
            ),
            (
                r#"{{ define "x" }}{{ .a }}{{ $.b }}{{ end }}{{ template "x" .C }}"#,
                &["C 1:58"],
            ),
        ] {
            assert_eq!(named(text), fields, "{text}");
        }
    }

    #[test]
    fn a_template_that_is_not_there_asks_for_nothing() {
        assert_eq!(Set::new().input_fields("t"), []);
    }
}
