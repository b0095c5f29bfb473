//! `jeton plan …`, which needs no server.

use crate::place::Place;

const ASKED: [&str; 7] = ["plan", "--logins", "500/s", "--refresh", "20k/s", "--sessions", "50M"];

#[test]
fn a_plan_shows_its_arithmetic_and_is_the_same_in_json() {
    let place = Place::new();
    let shown = place.run(&ASKED);
    assert_eq!(shown.status, Some(0), "{shown:?}");
    let plan = place.run(&[&ASKED[..], &["--json"]].concat()).good();
    let number = |name: &str| plan[name].as_f64().unwrap_or_else(|| panic!("no {name}: {plan}"));
    assert!(number("engine_cores") > number("engine_cores_busy"), "{plan}");
    assert!(number("primaries") >= number("primaries_by_memory").max(number("primaries_by_cpu")), "{plan}");
    for name in ["engines", "primaries"] {
        assert!(shown.out.contains(&format!("{:.0}", number(name))), "{name} of {plan} in {}", shown.out);
    }
}

#[test]
fn twice_the_load_takes_twice_the_cores() {
    let place = Place::new();
    let cores = |rate: &str| {
        let plan = place.run(&["plan", "--refresh", rate, "--json"]).good();
        plan["engine_cores_busy"].as_f64().unwrap()
    };
    let (once, twice) = (cores("20k/s"), cores("40000/s"));
    assert!(once > 0.0 && (twice / once - 2.0).abs() < 1e-9, "{once} {twice}");
}

#[test]
fn what_is_no_quantity_is_refused() {
    let place = Place::new();
    for words in [["--refresh", "20k/h"], ["--sessions", "many"], ["--units", "/nowhere"]] {
        let refused = place.run(&[&["plan"], &words[..]].concat());
        assert_eq!(refused.status, Some(64), "{words:?}: {refused:?}");
        assert!(refused.err.contains(words[1]), "{words:?}: {refused:?}");
        assert!(refused.out.is_empty(), "{words:?}: {refused:?}");
    }
}
