//! The attribute [`#[timed]`](macro@timed) of [tower-metrics].
//!
//! Use it through `tower-metrics` or `tower-metrics-inference`, with their feature `macros`: what it
//! expands to lies there.
//!
//! [tower-metrics]: https://docs.rs/tower-metrics

mod arguments;
mod expand;
mod name;
mod shape;

use proc_macro::TokenStream;
use syn::parse_quote;

#[doc = include_str!("timed.md")]
#[proc_macro_attribute]
pub fn timed(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(arguments.into(), &item.into(), &parse_quote!(::tower_metrics_inference)).into()
}

#[doc = include_str!("timed.md")]
///
/// # Where it comes from
///
/// What this one expands to lies in `tower-metrics`, whose users need no other crate.
#[proc_macro_attribute]
pub fn timed_of_facade(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(arguments.into(), &item.into(), &parse_quote!(::tower_metrics)).into()
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
