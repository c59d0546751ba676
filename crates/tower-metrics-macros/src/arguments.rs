//! What stands in the parentheses of the attribute.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, ExprArray, Ident, Lit, LitStr, Path, Result, Token, parenthesized};

use crate::name;

const EXPECTED: &str = "`name`, `help`, `buckets`, `labels(…)`, `outcome`, `recorder` or `crate`";

/// The arguments, checked as far as that can be done here.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) help: Option<Expr>,
    pub(crate) buckets: Option<Edges>,
    pub(crate) labels: Vec<Label>,
    pub(crate) outcome: bool,
    pub(crate) recorder: Option<Expr>,
    pub(crate) root: Option<Path>,
}

/// The edges of the buckets.
pub(crate) enum Edges {
    /// In this order, finite, and at least one.
    Listed(Vec<f64>),
    /// An expression of type `Buckets`.
    Given(Box<Expr>),
}

pub(crate) struct Label {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            if input.peek(Lit) {
                return Err(input.error(format!("expected {EXPECTED}, as in `name = \"…\"`")));
            }
            let key = input.call(Ident::parse_any)?;
            if seen.contains(&key) {
                return Err(Error::new(key.span(), format!("`{key}` is given twice")));
            }
            arguments.parse_argument(&key, input)?;
            seen.push(key);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        arguments.check_labels()?;
        Ok(arguments)
    }
}

impl Arguments {
    fn parse_argument(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match key.to_string().as_str() {
            "name" => self.name = Some(metric_name(input)?),
            "help" => self.help = Some(value(input)?),
            "buckets" => self.buckets = Some(value(input)?),
            "labels" => self.labels = labels(input)?,
            "outcome" if input.peek(Token![=]) => {
                return Err(input.error("`outcome` takes no value; write it alone"));
            }
            "outcome" => self.outcome = true,
            "recorder" => self.recorder = Some(value(input)?),
            "crate" => {
                input.parse::<Token![=]>()?;
                self.root = Some(input.call(Path::parse_mod_style)?);
            }
            _ => {
                let message = format!("unknown argument `{key}`; expected {EXPECTED}");
                return Err(Error::new(key.span(), message));
            }
        }
        Ok(())
    }

    fn check_labels(&self) -> Result<()> {
        for (index, Label { name, .. }) in self.labels.iter().enumerate() {
            let text = name.unraw().to_string();
            let earlier = self.labels.iter().take(index);
            let wrong = name::wrong_with_label(&text)
                .or((self.outcome && text == "outcome").then_some("`outcome` adds this label"))
                .or(earlier
                    .map(|label| label.name.unraw())
                    .any(|earlier| earlier == text)
                    .then_some("this label is given twice"));
            if let Some(wrong) = wrong {
                return Err(Error::new(name.span(), wrong));
            }
        }
        Ok(())
    }
}

impl Parse for Edges {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        match input.parse()? {
            Expr::Array(array) => listed(&array).map(Self::Listed),
            expression => Ok(Self::Given(Box::new(expression))),
        }
    }
}

impl Parse for Label {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Lit) {
            return Err(input.error("a label's name has no quotes: `labels(base = \"10\")`"));
        }
        Ok(Self { name: input.call(Ident::parse_any)?, value: value(input)? })
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn labels(input: ParseStream<'_>) -> Result<Vec<Label>> {
    let list;
    parenthesized!(list in input);
    let labels = Punctuated::<Label, Token![,]>::parse_terminated(&list)?;
    Ok(labels.into_iter().collect())
}

fn metric_name(input: ParseStream<'_>) -> Result<LitStr> {
    input.parse::<Token![=]>()?;
    if !input.peek(LitStr) {
        return Err(input.error("a metric's name is a literal: `name = \"…\"`"));
    }
    let name: LitStr = input.parse()?;
    if name::is_metric(&name.value()) {
        Ok(name)
    } else {
        Err(Error::new(name.span(), "a metric's name must match [a-zA-Z_:][a-zA-Z0-9_:]*"))
    }
}

fn listed(array: &ExprArray) -> Result<Vec<f64>> {
    let mut edges: Vec<f64> = Vec::with_capacity(array.elems.len());
    for element in &array.elems {
        let edge = number(element)
            .ok_or_else(|| error(element.span(), "list numbers, or give a `Buckets`"))?;
        if !edge.is_finite() {
            return Err(error(element.span(), "the edge of a bucket must be finite"));
        }
        if edges.last().is_some_and(|last| *last >= edge) {
            return Err(error(element.span(), "the edges of buckets must ascend"));
        }
        edges.push(edge);
    }
    if edges.is_empty() {
        return Err(error(array.span(), "buckets need at least one edge"));
    }
    Ok(edges)
}

fn number(element: &Expr) -> Option<f64> {
    match element {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(number) => number.base10_parse().ok(),
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn error(span: Span, message: &str) -> Error {
    Error::new(span, message)
}
