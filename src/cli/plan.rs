//! `jeton plan`: turns unit costs into cores, Redis primaries, memory and connections, and shows its arithmetic.

use std::fmt::Write as _;
use std::io::Write;

use serde::Serialize;

use crate::cli::EXIT_USAGE;
use crate::cli::arguments::load::PlanArguments;

pub mod quantity;
pub mod units;

use quantity::Bytes;
use units::Units;

/// The fewest primaries of a Redis Cluster.
const PRIMARIES_MIN: f64 = 3.0;

/// The fewest engines: one may be away.
const ENGINES_MIN: f64 = 2.0;

/// Prints the plan. The exit status: 0, or 64 for a fault in the units.
pub fn run(arguments: &PlanArguments, out: &mut impl Write, err: &mut impl Write) -> u8 {
    let units = arguments.units.as_deref().map_or_else(|| Ok(Units::default()), Units::load);
    let units = match units {
        Ok(units) => units,
        Err(fault) => {
            let _written = writeln!(err, "{fault}");
            return EXIT_USAGE;
        }
    };
    let plan = Plan::of(arguments, &units);
    let text = if arguments.json { plan.json() } else { plan.shown(arguments, &units) };
    // Whoever closed the pipe does not want the plan.
    let _written = out.write_all(text.as_bytes());
    0
}

/// One kind of request: how often, and what each costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Load {
    name: &'static str,
    per_second: f64,
    engine_us: f64,
    redis_us: f64,
}

/// What is needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Plan {
    loads: Vec<Load>,
    engine_cores_busy: f64,
    engine_cores: f64,
    engines: f64,
    engine_memory_bytes: f64,
    redis_cores_busy: f64,
    redis_data_bytes: f64,
    redis_memory_bytes: f64,
    primaries_by_cpu: f64,
    primaries_by_memory: f64,
    primaries: f64,
    replicas: f64,
    connections_per_primary: f64,
}

impl Load {
    fn engine_cores(&self) -> f64 {
        self.per_second * self.engine_us / 1e6
    }

    fn redis_cores(&self) -> f64 {
        self.per_second * self.redis_us / 1e6
    }
}

impl Plan {
    fn of(asked: &PlanArguments, units: &Units) -> Self {
        let load = |name, per_second, engine_us, redis_us| Load { name, per_second, engine_us, redis_us };
        let loads = vec![
            load("refresh", asked.refresh.0, units.refresh_us, units.redis_refresh_us),
            load("client_credentials", asked.client_credentials.0, units.client_credentials_us, 0.0),
            load(
                "introspection",
                asked.introspections.0,
                units.introspection_us,
                units.redis_introspection_us,
            ),
            load("password login", asked.logins.0, units.login_us, units.redis_login_us),
        ];
        let engine_cores_busy: f64 = loads.iter().map(Load::engine_cores).sum();
        let engine_cores = (engine_cores_busy / units.engine_busy).ceil();
        let engines = (engine_cores / units.engine_cores).ceil().max(ENGINES_MIN);
        let redis_cores_busy: f64 = loads.iter().map(Load::redis_cores).sum();
        let redis_data_bytes = asked.sessions.0 * units.session_bytes + asked.users.0 * units.user_bytes;
        let redis_memory_bytes = redis_data_bytes * units.redis_overhead;
        let primaries_by_cpu = (redis_cores_busy / units.redis_busy).ceil();
        let primaries_by_memory = (redis_memory_bytes / asked.primary_memory.0).ceil();
        let primaries = primaries_by_cpu.max(primaries_by_memory).max(PRIMARIES_MIN);
        Self {
            loads,
            engine_cores_busy,
            engine_cores,
            engines,
            engine_memory_bytes: engines * units.engine_bytes,
            redis_cores_busy,
            redis_data_bytes,
            redis_memory_bytes,
            primaries_by_cpu,
            primaries_by_memory,
            primaries,
            replicas: primaries,
            connections_per_primary: engines * units.connections,
        }
    }

    fn json(&self) -> String {
        serde_json::to_string_pretty(self).map_or_else(|error| error.to_string(), |text| text + "\n")
    }

    fn shown(&self, asked: &PlanArguments, units: &Units) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _written = self.engines_shown(&mut text, units);
        let _written = self.redis_shown(&mut text, asked, units);
        text
    }

    fn engines_shown(&self, text: &mut String, units: &Units) -> std::fmt::Result {
        writeln!(text, "Engines")?;
        for load in self.loads.iter().filter(|load| load.per_second > 0.0) {
            let (name, rate, cost) = (load.name, load.per_second, load.engine_us);
            writeln!(
                text,
                "  {name:<19}{rate:>10.0}/s × {cost:>8.1} µs = {:>8.2} cores",
                load.engine_cores()
            )?;
        }
        let (busy, share) = (self.engine_cores_busy, units.engine_busy);
        writeln!(text, "  {busy:.2} cores busy ÷ {share} that may be busy = {:.0} cores", self.engine_cores)?;
        writeln!(
            text,
            "  {:.0} cores ÷ {:.0} of an engine, at least {ENGINES_MIN:.0} = {:.0} engines, {} of memory in all\n",
            self.engine_cores,
            units.engine_cores,
            self.engines,
            Bytes(self.engine_memory_bytes)
        )
    }

    fn redis_shown(&self, text: &mut String, asked: &PlanArguments, units: &Units) -> std::fmt::Result {
        writeln!(text, "Redis Cluster")?;
        for load in self.loads.iter().filter(|load| load.redis_cores() > 0.0) {
            let (name, rate, cost) = (load.name, load.per_second, load.redis_us);
            writeln!(
                text,
                "  {name:<19}{rate:>10.0}/s × {cost:>8.1} µs = {:>8.2} cores",
                load.redis_cores()
            )?;
        }
        let (busy, share) = (self.redis_cores_busy, units.redis_busy);
        writeln!(text, "  {busy:.2} cores busy ÷ {share} = {:.0} primaries by CPU", self.primaries_by_cpu)?;
        for (count, each, what) in
            [(asked.sessions, units.session_bytes, "sessions"), (asked.users, units.user_bytes, "users")]
        {
            if count.0 > 0.0 {
                writeln!(text, "  {count} {what} × {each:.0} bytes = {}", Bytes(count.0 * each))?;
            }
        }
        writeln!(
            text,
            "  {} × {} for what Redis needs besides = {}; ÷ {} a primary = {:.0} primaries by memory",
            Bytes(self.redis_data_bytes),
            units.redis_overhead,
            Bytes(self.redis_memory_bytes),
            asked.primary_memory,
            self.primaries_by_memory
        )?;
        writeln!(
            text,
            "  {:.0} primaries (at least {PRIMARIES_MIN:.0}) and {:.0} replicas",
            self.primaries, self.replicas
        )?;
        writeln!(
            text,
            "  {:.0} engines × {:.0} = {:.0} connections to each primary",
            self.engines, units.connections, self.connections_per_primary
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Command;

    fn asked(line: &str) -> PlanArguments {
        let words = ["jeton", "plan"].into_iter().chain(line.split_whitespace());
        let Command::Plan(arguments) = crate::cli::read(words).unwrap().command else { panic!("{line}") };
        arguments
    }

    #[test]
    fn the_arithmetic_holds() {
        let asked = asked("--logins 500/s --refresh 20k/s --client-credentials 5k/s --sessions 50M");
        let plan = Plan::of(&asked, &Units::default());
        let busy = 20_000.0 * 43.8e-6 + 5_000.0 * 18.4e-6 + 500.0 * 17_500e-6;
        assert!((plan.engine_cores_busy - busy).abs() < 1e-9, "{plan:?}");
        assert_eq!((plan.engine_cores, plan.engines), (20.0, 3.0));
        assert!((plan.redis_data_bytes - 50e6 * 280.0).abs() < 1.0);
        assert_eq!((plan.primaries_by_cpu, plan.primaries_by_memory, plan.primaries), (1.0, 2.0, 3.0));
    }

    #[test]
    fn nothing_asked_is_the_smallest_installation() {
        let plan = Plan::of(&asked(""), &Units::default());
        assert_eq!((plan.engines, plan.primaries), (2.0, 3.0));
    }

    #[test]
    fn every_number_of_the_sum_is_shown() {
        let mut out = Vec::new();
        let asked = asked("--refresh 20k/s --sessions 50M --users 10M");
        assert_eq!(run(&asked, &mut out, &mut Vec::new()), 0);
        let text = String::from_utf8(out).unwrap();
        for part in ["20000/s", "43.8 µs", "0.88 cores", "50M sessions × 280 bytes", "10M users", "primaries"]
        {
            assert!(text.contains(part), "{part}:\n{text}");
        }
    }

    #[test]
    fn units_that_do_not_read_are_64() {
        let mut err = Vec::new();
        let asked = asked("--units /nowhere/units.toml");
        assert_eq!(run(&asked, &mut Vec::new(), &mut err), EXIT_USAGE);
        assert!(String::from_utf8(err).unwrap().contains("/nowhere/units.toml"));
    }
}
