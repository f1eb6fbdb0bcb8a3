//! `claw search`: what the trusted registries have.

use claw_host::grants::SecurityLevel;
use claw_package::PermissionKind;
use claw_registry_api::search::{IMPORT_BYTES_MAX, QUERY_BYTES_MAX, RESULTS_MAX};
use claw_registry_api::{SearchAnswer, SearchQuery, SearchResult};
use claw_registry_client::ClientError;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Context, NetworkArgs, block_on};
use crate::failure::{Failure, Kind, Outcome};
use crate::output;
use crate::pins::Pins;
use crate::registry::{Network, Registry, request_failure};
use crate::settings::Settings;
use crate::show;

/// Search the trusted registries.
///
/// Words are looked for in names, descriptions, keywords and actions; without any, everything is
/// listed. What is found is a hint and not verified: `claw info` and `claw add` verify.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to look for.
    #[arg(value_name = "QUERY")]
    words: Vec<String>,
    /// Only skills that ask for this kind of permission, such as network.external.
    #[arg(long, value_name = "KIND")]
    permission: Option<PermissionKind>,
    /// Only skills that import this, such as wasi:http.
    #[arg(long, value_name = "INTERFACE")]
    import: Option<String>,
    /// How many results of each registry.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(RESULTS_MAX)))]
    limit: u32,
    #[command(flatten)]
    network: NetworkArgs,
}

/// What one registry found.
struct Found {
    registry: Registry,
    answer: SearchAnswer,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let query = SearchQuery {
        q: args.words.join(" "),
        permission: args.permission,
        import: args.import,
        limit: Some(args.limit),
        offset: None,
    };
    let import_bytes = query.import.as_ref().map_or(0, String::len);
    for (what, bytes, most) in [
        ("the query", query.q.len(), QUERY_BYTES_MAX),
        ("--import", import_bytes, IMPORT_BYTES_MAX),
    ] {
        if bytes > most {
            return Err(Failure::usage(format!(
                "{what} is longer than {most} bytes"
            )));
        }
    }
    let settings = Settings {
        // Nothing is added to what is trusted here, so that there is nothing to be strict about.
        security: SecurityLevel::Moderate,
        ..context.settings()?
    };
    if settings.trusted_registries.is_empty() {
        let failure = Failure::usage("no registry is trusted");
        return Err(failure.hint("claw trust add-registry URL"));
    }
    let pins = Pins::read(&context.home)?;
    let network = Network {
        settings: &settings,
        allow_http: args.network.allow_http,
    };
    let (found, silent) = block_on(ask(&network, &pins, &query))?;
    for failure in &silent {
        output::warn(failure.one_line());
    }
    if found.is_empty()
        && let Some(failure) = silent.into_iter().next()
    {
        return Err(failure.during("no registry could be searched"));
    }
    if context.json {
        let results = found.iter().flat_map(|found| {
            let results = found.answer.results.iter();
            results.map(|result| found.to_json(result, &pins))
        });
        let total: u64 = found.iter().map(|found| found.answer.total).sum();
        return output::json(&json!({"total": total, "results": results.collect::<Vec<_>>()}));
    }
    found.iter().try_for_each(|found| found.print(&pins))?;
    if found.iter().all(|found| found.answer.results.is_empty()) {
        output::say("nothing was found");
    }
    Ok(())
}

/// Asks everybody at once; who is silent, or has no search, is named.
async fn ask(
    network: &Network<'_>,
    pins: &Pins,
    query: &SearchQuery,
) -> Outcome<(Vec<Found>, Vec<Failure>)> {
    let (registries, mut silent) = network.everybody(&mut pins.clone()).await?;
    let answers = registries.into_iter().map(|registry| async {
        let act = format!("could not search `{}`", registry.address);
        match registry.client.search(query).await {
            Ok(answer) => Ok(Found { registry, answer }),
            Err(error @ (ClientError::NotFound { .. } | ClientError::Unsupported { .. })) => {
                Err(Failure {
                    kind: Kind::Registry,
                    ..request_failure(error, act)
                })
            }
            Err(error) => Err(request_failure(error, act)),
        }
    });
    let mut found = Vec::new();
    for answer in join_all(answers).await {
        match answer {
            Ok(answer) => found.push(answer),
            Err(failure) => silent.push(failure),
        }
    }
    Ok((found, silent))
}

impl Found {
    /// The registry that the namespace of a result is pinned to, if it is another one: `claw add`
    /// would not take it from here.
    fn elsewhere(&self, result: &SearchResult, pins: &Pins) -> Option<String> {
        let pin = pins.namespace(result.name.namespace())?;
        (pin.origin != self.registry.origin).then(|| pin.origin.to_string())
    }

    fn to_json(&self, result: &SearchResult, pins: &Pins) -> Value {
        json!({
            "name": result.name,
            "version": result.version,
            "description": result.description,
            "permissions": result.permissions,
            "downloads": result.downloads,
            "published": result.published,
            "origin": self.registry.origin.as_str(),
            "address": self.registry.address,
            "pinned_elsewhere": self.elsewhere(result, pins),
        })
    }

    fn print(&self, pins: &Pins) -> Outcome {
        let Registry {
            origin, address, ..
        } = &self.registry;
        for result in &self.answer.results {
            let (name, version) = (&result.name, &result.version);
            output::data(format_args!("{name} {version}  {}", result.description))?;
            if !result.permissions.is_empty() {
                let asks = show::one_line(&result.permissions);
                output::data(format_args!("    asks for: {asks}"))?;
            }
            if let Some(elsewhere) = self.elsewhere(result, pins) {
                let namespace = result.name.namespace();
                output::data(format_args!(
                    "    from `{origin}`, and `{namespace}` is pinned to `{elsewhere}`: it can't be added"
                ))?;
            }
        }
        let (shown, total) = (self.answer.results.len() as u64, self.answer.total);
        if shown < total {
            output::say(format_args!("{shown} of {total} at {address}"));
        }
        Ok(())
    }
}
