//! What kind of function is timed, as far as its tokens tell.

use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{
    Block, Expr, ExprAsync, GenericArgument, PathArguments, PathSegment, ReturnType, Signature,
    Stmt, Type, TypeParamBound, parse_quote,
};

/// What is to be timed.
pub(crate) enum Shape<'a> {
    /// The function.
    Sync,
    /// The function, which is async.
    Async,
    /// The future that it returns.
    Future,
    /// The async block of a body `Box::pin(async move { … })`, as `#[async_trait]` writes it.
    PinnedBlock(&'a ExprAsync),
    /// The boxed future that it returns.
    BoxedFuture,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(signature: &Signature, body: &'a Block) -> Self {
        let ReturnType::Type(_, output) = &signature.output else {
            return if signature.asyncness.is_some() { Self::Async } else { Self::Sync };
        };
        if signature.asyncness.is_some() {
            Self::Async
        } else if is_future(output) {
            Self::Future
        } else if is_boxed_future(output) {
            pinned_block(body).map_or(Self::BoxedFuture, Self::PinnedBlock)
        } else {
            Self::Sync
        }
    }
}

/// The return type as it may be written inside of the function: with `_` for `impl Trait`.
pub(crate) fn nameable(output: &ReturnType) -> Type {
    struct Erase;

    impl VisitMut for Erase {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_)) {
                *ty = parse_quote!(_);
            } else {
                visit_type_mut(self, ty);
            }
        }
    }

    match output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, output) => {
            let mut output = (**output).clone();
            Erase.visit_type_mut(&mut output);
            output
        }
    }
}

/// `impl Future<…>`
fn is_future(output: &Type) -> bool {
    match output {
        Type::ImplTrait(output) => output.bounds.iter().any(names_future),
        Type::Group(group) => is_future(&group.elem),
        Type::Paren(paren) => is_future(&paren.elem),
        _ => false,
    }
}

/// `Pin<Box<dyn Future<…>>>`, or what the crate `futures` calls it.
fn is_boxed_future(output: &Type) -> bool {
    let Some(segment) = last_segment(output) else { return false };
    if segment.ident == "BoxFuture" || segment.ident == "LocalBoxFuture" {
        return true;
    }
    let inner = argument(segment, "Pin").and_then(last_segment);
    match inner.and_then(|segment| argument(segment, "Box")) {
        Some(Type::TraitObject(object)) => object.bounds.iter().any(names_future),
        _ => false,
    }
}

fn names_future(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|segment| segment.ident == "Future")
        }
        _ => false,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The type in the angle brackets, if that is the segment's name.
fn argument<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(list) if segment.ident == name => {
            list.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// The block, if it is all there is: another way out of the body would pass it by.
fn pinned_block(body: &Block) -> Option<&ExprAsync> {
    let [Stmt::Expr(Expr::Call(call), None)] = body.stmts.as_slice() else { return None };
    let Expr::Path(function) = &*call.func else { return None };
    let mut names = function.path.segments.iter().rev().map(|segment| &segment.ident);
    let is_box_pin = names.next().is_some_and(|name| name == "pin")
        && names.next().is_some_and(|name| name == "Box");
    match call.args.first() {
        Some(Expr::Async(block)) if is_box_pin && call.args.len() == 1 => Some(block),
        _ => None,
    }
}
