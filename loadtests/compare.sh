#!/usr/bin/env bash
# What a change does to the token path: two commits, built alike, asked by turns in one run.
#
#   loadtests/compare.sh [A [B]]                  HEAD~1 and HEAD; `.` is the working tree as it is
#   PROFILE=bench loadtests/compare.sh main .     thin LTO: builds in a fraction of the time
#   loadtests/compare.sh HEAD HEAD                a commit with itself: how far the machine shakes
#   BENCHES="token_request seal_open" loadtests/compare.sh     criterion's too, by turns as well
#   PROFILE=dev ROUNDS=1 SECONDS_PER_RUN=1 loadtests/compare.sh     tries the script; its numbers mean nothing
#
# Variables: SCENARIOS, any of `client_credentials embedded organization cluster` (the first two), ROUNDS (5),
# SECONDS_PER_RUN (5), CONNECTIONS (64), PROFILE (release), BENCHES (none), BENCH_ARGUMENTS of criterion.
#
# Servers run on core 0; wrk and Redis on core 1 (with one core, together). Both stand ready all the time and rounds
# alternate A B A B; ratios are taken within a round. Commits are checked out and built below target/compare, where a
# program that was built before is used again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in -h | --help) sed -n '2,/^set /{ /^set /d; s/^# \{0,1\}//; p; }' "${BASH_SOURCE[0]}"; exit ;; esac

declare -A asked=([a]=${1:-HEAD~1} [b]=${2:-HEAD}) tree program
rounds=${ROUNDS:-5}
seconds=${SECONDS_PER_RUN:-5}
connections=${CONNECTIONS:-64}
scenarios=${SCENARIOS:-"client_credentials embedded"}
profile=${PROFILE:-release}
read -ra benches <<<"${BENCHES:-}"
read -ra bench_arguments <<<"${BENCH_ARGUMENTS:---warm-up-time 1 --measurement-time 3}"
compared=$(realpath -m "${CARGO_TARGET_DIR:-target}")/compare

measurement=compare
work=$(mktemp -d "${TMPDIR:-/tmp}/jeton-compare-XXXXXX")
cleanup() {
  local side store
  for side in a b; do
    for store in embedded cluster; do tests/jeton-server stop "$work/$side-$store" || true; done
    if [ -d "$work/$side-redis" ]; then tests/redis-cluster stop "$work/$side-redis" >/dev/null || true; fi
  done
  rm -rf "$work"
}
# shellcheck source=loadtests/measuring.sh
. loadtests/measuring.sh
pin 0 1

# ---- two programs ----------------------------------------------------------------------------------------------------

is_working_tree() { [ "${asked[$1]}" = . ]; }
commit() { git rev-parse --verify --quiet "${asked[$1]}^{commit}" || die "${asked[$1]} is no commit"; }
called() { if is_working_tree "$1"; then echo "the working tree"; else git log -1 --format='%h %s' "$(commit "$1")"; fi; }

check_out() { # side
  if is_working_tree "$1"; then
    tree[$1]=$PWD
    return
  fi
  tree[$1]=$compared/$(commit "$1")
  [ -e "${tree[$1]}/.git" ] || git worktree add --quiet --force --detach "${tree[$1]}" "$(commit "$1")" >&2
}

# Commits share one folder of what cargo builds, so that their dependencies are built once; the working tree has its own.
cargo_of() { # side, words of cargo
  local side=$1
  shift
  if is_working_tree "$side"; then
    cargo "$@"
  else
    (cd "${tree[$side]}" && CARGO_TARGET_DIR=$compared/build cargo "$@")
  fi
}

# The other commit's build, or an edit meanwhile, would replace what cargo leaves: each program is kept.
build() { # side
  local side=$1 built kept=$work/$1-jeton
  is_working_tree "$side" || kept=$compared/jeton-$(commit "$side")-$profile-$(rustc --version | cut -d ' ' -f 2)
  if [ ! -x "$kept" ]; then
    note "building $(called "$side")"
    built=$compared/build
    if is_working_tree "$side"; then built=${CARGO_TARGET_DIR:-target}; fi
    cargo_of "$side" build --locked --profile "$profile" --bin jeton >&2 || die "$(called "$side") does not build"
    cp "$built/$([ "$profile" = dev ] && echo debug || echo "$profile")/jeton" "$kept"
  fi
  program[$side]=$kept
}

# ---- alternating rounds ----------------------------------------------------------------------------------------------

start() { # embedded | cluster
  local side
  for side in a b; do
    nodes=""
    # Each its own: what two versions load into Redis has the same name.
    if [ "$1" = cluster ]; then start_redis "$work/$side-redis"; fi
    start_jeton "$side-$1" "${program[$side]}" "$nodes"
  done
}

scenario() { # title, embedded | cluster, machine | refresh | organization
  local title=$1 store=$2 name=$3 round a b
  note "$title"
  for side in a b; do seconds=2 ask_jeton "$side-$store" "$name" >/dev/null; done # caches, connections, branch predictors
  for ((round = 1; round <= rounds; round++)); do
    a=$(ask_jeton "a-$store" "$name")
    b=$(ask_jeton "b-$store" "$name")
    note "  round $round: A $a | B $b"
    echo "$title|$a|$b" >>"$work/rounds"
  done
}

# ---- criterion -------------------------------------------------------------------------------------------------------

executable() { # side, bench
  cargo_of "$1" bench --locked --no-run --message-format json --bench "$2" | python3 -c '
import json, sys
for line in sys.stdin:
    told = json.loads(line)
    if told.get("executable") and told["target"]["kind"] == ["bench"]:
        print(told["executable"])'
}

bench() { # name
  local name=$1 side round
  for side in a b; do
    if [ ! -e "${tree[$side]}/benches/$name.rs" ] && [ ! -d "${tree[$side]}/benches/$name" ]; then
      note "$(called "$side") has no bench $name; left out"
      return
    fi
  done
  for side in a b; do cp "$(executable "$side" "$name")" "$work/$side-$name"; done
  for ((round = 1; round <= rounds; round++)); do
    note "$name, round $round"
    for side in a b; do
      (cd "${tree[$side]}" && CRITERION_HOME=$work/criterion "${on_server[@]}" "$work/$side-$name" --bench --noplot \
        --save-baseline "$side-$round" "${bench_arguments[@]}") >"$work/benched" 2>&1 ||
        { cat "$work/benched" >&2; die "$name of $(called "$side") failed"; }
    done
  done
}

# ---- the run ---------------------------------------------------------------------------------------------------------

tests/install wrk:wrk curl:curl openssl:openssl python3:python3 taskset:util-linux >&2
if wants cluster; then tests/install redis-server:redis-server redis-cli:redis-tools >&2; fi
mkdir -p "$compared"
for side in a b; do
  check_out "$side"
  build "$side"
done

: >"$work/rounds"
start embedded
if wants client_credentials; then scenario "client_credentials" embedded machine; fi
if wants embedded; then scenario "refresh, embedded store" embedded refresh; fi
if wants organization; then scenario "refresh with organization, embedded store" embedded organization; fi
if wants cluster; then
  start cluster
  scenario "refresh, Redis Cluster" cluster refresh
  if wants organization; then scenario "refresh with organization, Redis Cluster" cluster organization; fi
fi
for name in "${benches[@]+"${benches[@]}"}"; do bench "$name"; done

echo "A: $(called a)"
echo "B: $(called b)"
echo "$(date -u +%Y-%m-%d), $cores cores, profile \`$profile\`, ROUNDS=$rounds SECONDS_PER_RUN=$seconds CONNECTIONS=$connections"
python3 loadtests/compare.py "$work"
