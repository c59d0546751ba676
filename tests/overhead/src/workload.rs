//! The requests that every variant answers: 20 routes with parameters and nesting, several methods
//! and statuses, the same in each framework.

/// A group of routes below one prefix.
#[derive(Debug)]
pub(crate) struct Nest {
    pub(crate) prefix: &'static str,
    pub(crate) endpoints: &'static [Endpoint],
}

/// A route template, a path that it matches, and what is answered there.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) template: &'static str,
    path: &'static str,
    pub(crate) answers: &'static [Answer],
}

/// What a method is answered with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) method: &'static str,
    pub(crate) status: u16,
    pub(crate) body: &'static str,
}

/// Which of the requests are sent, in turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mix {
    /// All of them, over all routes.
    AllRoutes,
    /// One, so that threads meet in the same series.
    OneRoute,
}

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
}

impl Mix {
    /// How many requests are sent before the first comes again.
    #[expect(clippy::len_without_is_empty, reason = "there is always a request")]
    pub fn len(self) -> usize {
        self.calls().len()
    }

    /// The requests as HTTP/1.1 writes them.
    pub fn requests(self) -> Vec<Vec<u8>> {
        let request = |Call { method, path }: Call| {
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n")
        };
        self.calls().into_iter().map(request).map(String::into_bytes).collect()
    }

    pub(crate) fn calls(self) -> Vec<Call> {
        let calls = NESTS.iter().flat_map(Nest::calls);
        match self {
            Self::AllRoutes => calls.collect(),
            Self::OneRoute => calls.take(1).collect(),
        }
    }
}

impl Nest {
    fn calls(&self) -> impl Iterator<Item = Call> {
        self.endpoints.iter().flat_map(|endpoint| {
            let path = format!("{}{}", self.prefix, endpoint.path);
            endpoint
                .answers
                .iter()
                .map(move |answer| Call { method: answer.method, path: path.clone() })
        })
    }
}

const fn at(template: &'static str, path: &'static str, answers: &'static [Answer]) -> Endpoint {
    Endpoint { template, path, answers }
}

const fn get(status: u16, body: &'static str) -> Answer {
    Answer { method: "GET", status, body }
}

const fn post(status: u16) -> Answer {
    Answer { method: "POST", status, body: "{\"id\":7}" }
}

const fn put(status: u16) -> Answer {
    Answer { method: "PUT", status, body: "replaced" }
}

/// Answered without a body.
const fn delete() -> Answer {
    Answer { method: "DELETE", status: 204, body: "" }
}

pub(crate) const NESTS: &[Nest] = &[
    Nest {
        prefix: "/api/v1",
        endpoints: &[
            at("/users/{id}", "/users/7", &[get(200, "a user"), put(200), delete()]),
            at("/users", "/users", &[get(200, "users"), post(201)]),
            at("/users/{id}/posts", "/users/7/posts", &[get(200, "posts"), post(201)]),
            at("/users/{id}/posts/{post}", "/users/7/posts/3", &[get(200, "a post"), delete()]),
            at("/orders", "/orders", &[get(200, "orders"), post(422)]),
            at("/orders/{order}", "/orders/88", &[get(404, "no such order"), put(409)]),
            at("/orders/{order}/items/{item}", "/orders/88/items/2", &[get(200, "an item")]),
            at("/products/{sku}", "/products/a-1", &[get(200, "a product")]),
            at("/products/{sku}/reviews", "/products/a-1/reviews", &[get(200, "reviews")]),
            at("/search/{index}", "/search/products", &[get(200, "hits")]),
        ],
    },
    Nest {
        prefix: "/models",
        endpoints: &[
            at("/{model}/predict", "/bert/predict", &[post(200)]),
            at("/{model}/embed", "/bert/embed", &[post(200)]),
            at("/{model}/generate", "/llama/generate", &[post(504)]),
            at("/{model}/versions/{version}", "/bert/versions/2", &[get(200, "v2"), put(202)]),
            at("/{model}", "/bert", &[get(200, "bert"), delete()]),
        ],
    },
    Nest {
        prefix: "/admin",
        endpoints: &[
            at("/keys/{key}", "/keys/k1", &[get(403, "no"), delete()]),
            at("/usage", "/usage", &[get(200, "usage")]),
            at("/limits", "/limits", &[get(200, "limits"), put(500)]),
            at("/audit/{day}", "/audit/monday", &[get(200, "audit")]),
        ],
    },
    Nest { prefix: "", endpoints: &[at("/health", "/health", &[get(200, "ok")])] },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What the documentation and the tables say about the load.
    #[test]
    fn the_load_has_twenty_routes_several_methods_and_statuses() {
        let endpoints = || NESTS.iter().flat_map(|nest| nest.endpoints);
        let answers = || endpoints().flat_map(|endpoint| endpoint.answers);
        assert_eq!(endpoints().count(), 20);
        assert_eq!(answers().map(|answer| answer.method).collect::<HashSet<_>>().len(), 4);
        assert_eq!(answers().map(|answer| answer.status).collect::<HashSet<_>>().len(), 10);
        assert_eq!(Mix::AllRoutes.calls().len(), answers().count());
        assert_eq!(Mix::OneRoute.calls().len(), 1);
    }
}
