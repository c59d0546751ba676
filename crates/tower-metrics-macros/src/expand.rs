//! From a function to one that is timed.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Error, Ident, ItemFn, LitStr, Path, Result, Safety, Signature, parse_quote};

use crate::arguments::{Arguments, Edges, Label};
use crate::name;
use crate::shape::{Shape, nameable};

/// The function with its timing; or as it was, with what is wrong.
pub(crate) fn expand(arguments: TokenStream, item: &TokenStream, root: &Path) -> TokenStream {
    let expanded = parse(arguments, item.clone());
    match expanded.and_then(|(arguments, function)| timed(&arguments, function, root)) {
        Ok(function) => function,
        // The function stays, or each of its callers would be one more error.
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#error #item)
        }
    }
}

fn parse(arguments: TokenStream, item: TokenStream) -> Result<(Arguments, ItemFn)> {
    let function = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), format!("`#[timed]` needs a function with a body: {error}"))
    });
    Ok((syn::parse2(arguments)?, function?))
}

fn timed(arguments: &Arguments, mut function: ItemFn, root: &Path) -> Result<TokenStream> {
    check(&function.sig)?;
    let timing = Timing {
        root: arguments.root.as_ref().unwrap_or(root),
        outcome: arguments.outcome,
        timer: Ident::new("timer", Span::mixed_site()),
    };
    let start = timing.start(arguments, &function.sig)?;
    let body = timing.body(&function);
    // Inner attributes belong to the function, and are printed in front of what is put here.
    function.block = parse_quote!({ #start #body });
    Ok(function.into_token_stream())
}

fn check(signature: &Signature) -> Result<()> {
    if let Some(token) = &signature.constness {
        return Err(Error::new(
            token.span(),
            "`#[timed]` cannot time a `const fn`; nothing can be recorded in it",
        ));
    }
    if let Safety::Unsafe(token) = &signature.safety {
        return Err(Error::new(token.span(), "`#[timed]` cannot time an `unsafe fn`"));
    }
    Ok(())
}

/// What all parts of an expansion share.
struct Timing<'a> {
    root: &'a Path,
    outcome: bool,
    /// No name that the function could know.
    timer: Ident,
}

impl Timing<'_> {
    /// Starts the timer of a handle that is made once.
    fn start(&self, arguments: &Arguments, signature: &Signature) -> Result<TokenStream> {
        let Self { root, outcome, timer } = self;
        let name = match &arguments.name {
            Some(name) => name.clone(),
            None => default_name(&signature.ident)?,
        };
        let handle = if *outcome { quote!(OutcomeDurations) } else { quote!(Durations) };
        let setters = self.setters(arguments);
        let builder = Ident::new("builder", Span::mixed_site());
        Ok(quote! {
            let #timer = {
                static HANDLE: #root::timing::expansion::LazyLock<#root::timing::#handle> =
                    #root::timing::expansion::LazyLock::new(|| {
                        #root::timing::expansion::build(
                            #root::timing::#handle::builder(#name),
                            |#builder| {
                                #(let #builder = #setters;)*
                                #builder
                            },
                        )
                    });
                HANDLE.start()
            };
        })
    }

    fn setters(&self, arguments: &Arguments) -> Vec<TokenStream> {
        let root = self.root;
        let builder = Ident::new("builder", Span::mixed_site());
        let mut setters = Vec::new();
        if let Some(help) = &arguments.help {
            setters.push(quote_spanned!(help.span()=> #builder.with_help(#help)));
        }
        match &arguments.buckets {
            Some(Edges::Listed(edges)) => setters.push(quote! {
                #root::timing::expansion::with_edges(#builder, &[#(#edges),*])
            }),
            Some(Edges::Given(buckets)) => {
                setters.push(quote_spanned!(buckets.span()=> #builder.with_buckets(#buckets)));
            }
            None => {}
        }
        for Label { name, value } in &arguments.labels {
            let name = name.unraw().to_string();
            setters.push(quote_spanned!(value.span()=> #builder.with_label(#name, #value)));
        }
        if let Some(recorder) = &arguments.recorder {
            setters.push(quote_spanned!(recorder.span()=> #builder.with_recorder(#recorder)));
        }
        setters
    }

    /// What follows the start of the timer.
    fn body(&self, function: &ItemFn) -> TokenStream {
        let Self { root, outcome, timer } = self;
        let (signature, block) = (&function.sig, &function.block);
        let output = nameable(&signature.output);
        let wrap = if *outcome { quote!(result) } else { quote!(guarded) };
        match Shape::of(signature, block) {
            Shape::Sync if *outcome => {
                // The body is called, so that `?` and `return` lead here.
                quote_spanned! {output.span()=>
                    #root::timing::expansion::call(#timer, move || -> #output #block)
                }
            }
            Shape::Sync | Shape::Async if !*outcome => {
                let statements = &block.stmts;
                quote!(let _timer = #timer; #(#statements)*)
            }
            Shape::Sync | Shape::Async => {
                let statements = &block.stmts;
                let returned = Ident::new("returned", Span::mixed_site());
                quote_spanned! {output.span()=>
                    #root::timing::expansion::result(#timer, async move {
                        if let ::core::option::Option::Some(#returned) =
                            #root::timing::expansion::returned::<#output>()
                        {
                            return #returned;
                        }
                        #(#statements)*
                    })
                    .await
                }
            }
            Shape::Future => quote! {
                #root::timing::expansion::#wrap(#timer, (move || #block)())
            },
            Shape::BoxedFuture => quote! {
                ::std::boxed::Box::pin(
                    #root::timing::expansion::#wrap(#timer, (move || -> #output #block)())
                )
            },
            Shape::PinnedBlock(pinned) => quote! {
                ::std::boxed::Box::pin(#root::timing::expansion::#wrap(#timer, #pinned))
            },
        }
    }
}

fn default_name(function: &Ident) -> Result<LitStr> {
    let name = format!("{}_duration_seconds", function.unraw());
    if name::is_metric(&name) {
        Ok(LitStr::new(&name, function.span()))
    } else {
        let message = "a metric cannot have the name of this function; set `name = \"…\"`";
        Err(Error::new(function.span(), message))
    }
}

#[cfg(test)]
mod tests;
