//! Which endpoint a request to an actix-web app is counted under.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
mod support;

use actix_web::dev::{
    AppService, HttpServiceFactory, ResourceDef, ServiceRequest, ServiceResponse, fn_service,
};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpResponse, guard, web};
use tower_metrics_actix_web::Metrics;

use app::call;
use support::{assert_counted, private_exporter, series};

async fn ok() -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn gone() -> HttpResponse {
    HttpResponse::Gone().finish()
}

/// The label is the pattern as the app spells it: parameters, expressions and tails alike.
#[actix_web::test]
async fn a_request_is_counted_under_its_pattern() {
    let exporter = private_exporter();
    let app = App::new()
        .route("/", web::get().to(ok))
        .route("/users/{id}", web::get().to(ok))
        .route(r"/orders/{id:\d+}", web::get().to(ok))
        .route("/files/{path:.*}", web::get().to(ok))
        .service(web::resource("/named").name("a name").to(ok))
        .service(web::resource(["/new/{id}", "/old/{id}"]).to(ok));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for path in [
        "/",
        "/users/7",
        "/users/8",
        "/orders/9",
        "/files/a/b/c.txt",
        "/named?query=1",
        "/new/1",
        "/old/1",
    ] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.status(), 200);
    }
    // The expression decides what matches.
    assert_eq!(call(&app, TestRequest::with_uri("/orders/x").to_request()).await.status(), 404);

    assert_counted(
        &exporter,
        &[
            "GET / 200 1",
            "GET /files/{path:.*} 200 1",
            "GET /named 200 1",
            "GET /new/{id} 200 2",
            r"GET /orders/{id:\\d+} 200 1",
            "GET /users/{id} 200 2",
            "GET unmatched 404 1",
        ],
        &[],
    );
}

/// The label has the prefixes of all scopes, however deep; parameters in them stay parameters.
#[actix_web::test]
async fn nested_scopes_give_the_full_pattern() {
    let exporter = private_exporter();
    let posts = web::scope("/posts")
        .service(web::resource("").to(ok))
        .service(web::resource("/{post}").to(ok));
    let app = App::new()
        .service(web::scope("/api/{version}").service(web::scope("/users/{user}").service(posts)));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for path in ["/api/v1/users/7/posts/9", "/api/v2/users/8/posts/1", "/api/v2/users/8/posts"] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.status(), 200);
    }

    assert_counted(
        &exporter,
        &[
            "GET /api/{version}/users/{user}/posts 200 1",
            "GET /api/{version}/users/{user}/posts/{post} 200 2",
        ],
        &[],
    );
}

/// Whatever actix-web routes by a pattern has one, a service behind a prefix too: it is counted
/// under the prefix, whatever lies behind it.
#[actix_web::test]
async fn a_service_is_counted_under_the_path_it_is_mounted_at() {
    struct Files;

    impl HttpServiceFactory for Files {
        fn register(self, config: &mut AppService) {
            let files = fn_service(|request: ServiceRequest| async {
                Ok::<_, Error>(request.into_response(HttpResponse::Ok().finish()))
            });
            config.register_service(ResourceDef::prefix("/static"), None, files, None);
        }
    }

    let exporter = private_exporter();
    let exact = web::service("/exact/{id}").finish(|request: ServiceRequest| async {
        Ok::<ServiceResponse, Error>(request.into_response(HttpResponse::Ok().finish()))
    });
    let app = App::new().service(exact).service(Files);
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for path in ["/exact/1", "/static/css/a.css", "/static/js/b.js"] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.status(), 200);
    }

    assert_counted(&exporter, &["GET /exact/{id} 200 1", "GET /static 200 2"], &[]);
}

/// A raw path is never a label: not with the app's default service, a custom one, or a scope's.
#[actix_web::test]
async fn whatever_matches_no_route_is_unmatched() {
    for (app, expected) in [
        (App::new(), "GET unmatched 404 2"),
        (App::new().default_service(web::to(gone)), "GET unmatched 410 2"),
        (
            App::new().service(
                web::scope("/scope").route("/known", web::get().to(ok)).default_service(web::to(
                    async || HttpResponse::NotFound().body("nothing in this scope"),
                )),
            ),
            "GET unmatched 404 2",
        ),
    ] {
        let exporter = private_exporter();
        let app = init_service(app.wrap(Metrics::new(&exporter))).await;
        call(&app, TestRequest::with_uri("/scan-1").to_request()).await;
        call(&app, TestRequest::with_uri("/scope/scan-2").to_request()).await;

        assert_counted(&exporter, &[expected], &[]);
        assert!(!exporter.render().contains("scan"));
    }
}

/// However many paths and methods a scanner tries, it makes no more series than the first did.
#[actix_web::test]
async fn a_scanner_makes_no_series() {
    let exporter = private_exporter();
    let app = App::new().route("/users/{id}", web::route().to(ok));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for n in 0..100 {
        let method = Method::from_bytes(format!("SCAN{n}").as_bytes()).unwrap();
        for path in [format!("/users/{n}"), format!("/scan/{n}"), format!("/users/{n}/%2e%2e")] {
            let request = TestRequest::with_uri(&path).method(method.clone());
            call(&app, request.to_request()).await;
        }
    }

    assert_counted(&exporter, &["_OTHER /users/{id} 200 100", "_OTHER unmatched 404 200"], &[]);
    assert_eq!(series(&exporter, "http_requests_in_flight"), ["_OTHER 0"]);
    assert!(!exporter.render().to_lowercase().contains("scan"));
}

/// 405 belongs to the resource whose path matched.
#[actix_web::test]
async fn a_wrong_method_keeps_the_pattern() {
    let exporter = private_exporter();
    let app = App::new()
        .service(web::scope("/api").service(web::resource("/jobs/{id}").route(web::post().to(ok))));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    let request = TestRequest::delete().uri("/api/jobs/1").to_request();
    assert_eq!(call(&app, request).await.status(), StatusCode::METHOD_NOT_ALLOWED);

    assert_counted(&exporter, &["DELETE /api/jobs/{id} 405 1"], &[]);
}

/// Where guards tell resources of one path apart, the one that answered is counted.
#[actix_web::test]
async fn guards_decide_which_pattern_counts() {
    let exporter = private_exporter();
    let app = App::new()
        .service(web::resource("/v/{first}").guard(guard::Header("v", "1")).to(ok))
        .service(web::resource("/v/{second}").guard(guard::Header("v", "2")).to(ok))
        .service(web::scope("/host").guard(guard::Host("one.test")).route("/{a}", web::to(ok)))
        .service(web::scope("/host").guard(guard::Host("two.test")).route("/{b}", web::to(ok)));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for (header, path) in [
        (("v", "1"), "/v/7"),
        (("v", "2"), "/v/7"),
        (("host", "one.test"), "/host/7"),
        (("host", "two.test"), "/host/7"),
    ] {
        let request = TestRequest::with_uri(path).insert_header(header).to_request();
        assert_eq!(call(&app, request).await.status(), 200);
    }

    assert_counted(
        &exporter,
        &[
            "GET /host/{a} 200 1",
            "GET /host/{b} 200 1",
            "GET /v/{first} 200 1",
            "GET /v/{second} 200 1",
        ],
        &[],
    );
}

/// actix-web decodes a path before it routes; the label is the pattern either way.
#[actix_web::test]
async fn a_percent_encoded_path_is_counted_under_its_pattern() {
    let exporter = private_exporter();
    let app = App::new().route("/users/{id}", web::get().to(ok));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for path in ["/users/a%20b", "/users/a%2Fb", "/us%65rs/%37", "/users/%C3%BC"] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.status(), 200);
    }

    assert_counted(&exporter, &["GET /users/{id} 200 4"], &[]);
}

/// A middleware on a scope measures that scope, with the full pattern.
#[actix_web::test]
async fn a_measured_scope_has_its_full_pattern() {
    let exporter = private_exporter();
    let measured = web::scope("/api").route("/{id}", web::get().to(ok));
    let app = App::new()
        .service(
            measured.wrap(Metrics::builder().with_recorder(exporter.recorder()).build().unwrap()),
        )
        .route("/elsewhere", web::get().to(ok));
    let app = init_service(app).await;

    for path in ["/api/7", "/api/7/8", "/elsewhere"] {
        call(&app, TestRequest::with_uri(path).to_request()).await;
    }

    assert_counted(&exporter, &["GET /api/{id} 200 1", "GET unmatched 404 1"], &[]);
}
