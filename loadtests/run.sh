#!/usr/bin/env bash
# Load tests in one command: builds Jeton, starts Redis and engines, imports people, runs scenarios, writes a report.
#
#   loadtests/run.sh [NAME…]     a scenario (loadtests/k6/NAME.js) or a profile, one after another:
#     token      client_credentials, refresh_chain, organization_switch (what runs without a NAME)
#     people     login_mix, and the token scenarios' contention
#     hostile    replay_attack, noisy_neighbour, spike, refresh_storm
#     all        token, people, hostile, failover; not smoke, overload, capacity and soak, which are asked for by name
#     scale      token on one, two and three engines
#     growth     refresh_chain as sessions, switches as organizations, client_credentials as tenants and connections become many
#     peers      client_credentials and refresh_chain on Jeton and on every server of loadtests/peers, in turns
#   loadtests/run.sh --help
#
# It ends with loadtests/results/DATE.json and DATE.html; exit status 1 when a threshold did not hold. A run that cannot go on, or is
# interrupted, reports what it has measured until then, says that it is not whole, and ends with another status than 0. Variables:
#   RATE, DURATION, WARMUP, VUS, P99_MS …   as each scenario reads them: loadtests/README.md has the table
#   STORE=cluster|embedded          cluster: three primaries and three replicas, started here
#   ENGINES=1                       engines on the one cluster; the embedded store takes one
#   USERS=1000 ORGANIZATIONS=10 ORGANIZATIONS_PER_USER=2 CLIENTS=1 TENANTS=2     who is imported
#   PASSWORDS=real|cheap            how they are hashed: real where logins are the question, else cheap, to log in quickly
#   SESSIONS=500                    sessions that stand ready before a scenario that refreshes
#   ROUNDS=1                        how often all of it is repeated; servers of `peers` take turns within a round
#   JETON_BIN=path                  this program instead of a release build
#   JETON_TEST_CLUSTER=nodes        that Redis Cluster instead of one started here (its cost is not measured then); keys are its
#                                   own by a prefix, and removed in the end
#   REPLICAS=1                      replicas of each primary; 2 when failover is among the scenarios, because a primary that
#                                   was promoted and has no replica of its own accepts no write (min-replicas-to-write 1)
#   REDIS_PORT=8100                 first of the ports of the cluster started here; others are tried when it is taken
#   ENGINE_CORES=0 LOAD_CORES=1     cores (as taskset writes them) for engines, and for k6 and Redis; by default each half
#   RESULTS=loadtests/results       where the report goes
#   GROWTH_SESSIONS="1000 10000 100000" GROWTH_ORGANIZATIONS="1 100 1000" GROWTH_TENANTS="1 100 1000"
#   GROWTH_CONNECTIONS="64 1000 10000"     steps of growth; connections are held open beside those of k6
#   KILL_AFTER_S                    when failover kills a primary (after a third of DURATION)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in -h | --help) sed -n '2,/^set /{ /^set /d; s/^# \{0,1\}//; p; }' "${BASH_SOURCE[0]}"; exit ;; esac

store=${STORE:-cluster}
engines=${ENGINES:-1}
sessions=${SESSIONS:-500}
rounds=${ROUNDS:-1}
results=${RESULTS:-loadtests/results}
export USERS=${USERS:-1000} ORGANIZATIONS=${ORGANIZATIONS:-10} DURATION=${DURATION:-30s}

work=$(mktemp -d "${TMPDIR:-/tmp}/jeton-load-XXXXXX")
run=$work/run
mkdir -p "$run"
jeton_pids=()
observer=""
driver=""
holder=""
number=0
failed=0
measuring=no

cleanup() {
  local name
  trap - EXIT
  # What follows takes seconds, and must not be left half done by one who is impatient.
  trap '' INT TERM
  # k6 tells what it has measured when it is asked to end; only then may the servers go.
  end ${driver:+"$driver"}
  end ${observer:+"$observer"}
  if [ "$measuring" = yes ]; then report "the run ended early${driver:+, in the last of these}" || true; fi
  end ${holder:+"$holder"} "${jeton_pids[@]+"${jeton_pids[@]}"}"
  for name in "$work"/peer-*; do
    if [ -d "$name" ]; then loadtests/peers/peer stop "$name" || true; fi
  done
  forget_keys || true
  if [ -d "$work/redis" ]; then tests/redis-cluster stop "$work/redis" >/dev/null || true; fi
  rm -rf "$work"
}

end() { # process ids; one that does not end within half a minute is killed
  local pid
  for pid in "$@"; do kill "$pid" 2>/dev/null || true; done
  for pid in "$@"; do
    for _ in $(seq 300); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}
# ---- where things run ------------------------------------------------------------------------------------------------

measurement=run.sh
# shellcheck source=loadtests/measuring.sh
. loadtests/measuring.sh
half=$(($(nproc) / 2))
pin "${ENGINE_CORES:-0-$((half - 1))}" "${LOAD_CORES:-$half-$(($(nproc) - 1))}"

# ---- servers ---------------------------------------------------------------------------------------------------------

program() { # JETON_BIN, or a release build
  if [ -n "${JETON_BIN:-}" ]; then
    [ -x "$JETON_BIN" ] || die "there is no $JETON_BIN"
    readlink -f "$JETON_BIN"
    return
  fi
  cargo build --locked --release --bin jeton >&2 || die "the build failed"
  readlink -f "${CARGO_TARGET_DIR:-target}/release/jeton"
}

cluster_of_ours() { # unless there is one already
  nodes=${JETON_TEST_CLUSTER:-}
  [ -n "$nodes" ] || start_redis "$work/redis" --replicas "$replicas"
}

settle() { # what every engine and the import are told
  ulimit -n "$(ulimit -Hn)"
  export JETON__LIMITS__CONNECTIONS_MAX=${JETON__LIMITS__CONNECTIONS_MAX:-20000}
  export JETON__STORE=$store JETON__TENANTS__DEFAULT_TENANT=load JETON__TENANTS__BASE_DOMAIN=localhost
  # k6 tells the address of each person behind a request, as a load balancer does.
  export JETON__PUBLIC__TRUSTED_PROXIES=127.0.0.1 JETON__LOGGING__LEVEL=${JETON__LOGGING__LEVEL:-warn}
  if [ "$store" = cluster ]; then
    cluster_of_ours
    (umask 077; openssl rand -base64 32 >"$work/master-key")
    export JETON__CLUSTER__NODES=$nodes JETON_MASTER_KEY_FILE=$work/master-key
    # A cluster that others use too keeps their keys apart from these.
    if [ -n "${JETON_TEST_CLUSTER:-}" ]; then export JETON__CLUSTER__KEY_PREFIX=load-$$-; fi
  else
    export JETON__EMBEDDED__PATH=$work/data
  fi
  if [ "$passwords" = cheap ]; then export JETON__PASSWORDS__MEMORY_KIB=8 JETON__PASSWORDS__ITERATIONS=1; fi
}

forget_keys() { # of this run, in a cluster that others use too
  local node
  case ${JETON__CLUSTER__KEY_PREFIX:-} in "load-$$-") ;; *) return 0 ;; esac
  for node in $(redis "${nodes%%,*}" cluster nodes | awk '$3 ~ /master/ && $3 !~ /fail/ { sub(/@.*/, "", $2); print $2 }'); do
    # Quoted (--no-raw) each key is one word, whatever is in it.
    redis "$node" --no-raw --scan --pattern "load-$$-*" | sed 's/^/UNLINK /' | redis "$node" >/dev/null
  done
}

redis() { redis-cli -h "${1%:*}" -p "${1##*:}" "${@:2}"; }

import() { # more arguments of tenant.py
  python3 loadtests/tenant.py --users "$USERS" --organizations "$ORGANIZATIONS" --passwords "$passwords" \
    --organizations-per-user "${ORGANIZATIONS_PER_USER:-2}" --clients "${CLIENTS:-1}" --tenants "${TENANTS:-2}" \
    "$@" >"$work/tenant.json"
  if ! (cd "$work" && "$jeton" import tenant.json) >"$work/imported" 2>&1; then
    tail -5 "$work/imported" >&2
    die "the import failed"
  fi
  note "$(tail -1 "$work/imported")"
}

start_engines() { # how many
  local nth public operations bases=() gauges=()
  for ((nth = 0; nth < $1; nth++)); do
    read -r public operations < <(tests/free-ports 2)
    issuer_port=${issuer_port:-$public}
    if [ "$nth" = 0 ]; then # the issuer's port, which it may have had before
      [ "$operations" != "$issuer_port" ] || operations=$public
      public=$issuer_port
    fi
    mkdir -p "$work/engine-$nth"
    (
      cd "$work/engine-$nth"
      export JETON__PUBLIC__ADDRESS=127.0.0.1:$public JETON__OPERATIONS__ADDRESS=127.0.0.1:$operations
      export JETON__TENANTS__ISSUER_PORT=$issuer_port JETON__MAIL__FOLDER=$work/engine-$nth/mail
      exec setsid "${on_server[@]}" "$jeton" serve >out 2>log </dev/null
    ) &
    jeton_pids+=($!)
    bases+=("http://localhost:$public")
    gauges+=("http://127.0.0.1:$operations")
    wait_ready "$!" "http://127.0.0.1:$operations/health/ready" "$work/engine-$nth/log"
  done
  base_urls=$(IFS=,; echo "${bases[*]}")
  operations_urls=$(IFS=,; echo "${gauges[*]}")
}

wait_ready() { # pid, URL, log
  for _ in $(seq 300); do
    if curl -fsS -o /dev/null "$2" 2>/dev/null; then return; fi
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  tail -20 "$3" >&2
  die "an engine did not become ready"
}

stop_engines() {
  end "${jeton_pids[@]+"${jeton_pids[@]}"}"
  jeton_pids=()
}

# ---- one scenario ----------------------------------------------------------------------------------------------------

observed() { # NAME=PID[@PLACE] of everything that is measured
  local nth=0 pid port ports=() gauges=()
  IFS=, read -ra gauges <<<"${operations_urls:-}"
  for pid in "${jeton_pids[@]+"${jeton_pids[@]}"}"; do
    echo "engine-$nth=$pid@${gauges[nth]}"
    nth=$((nth + 1))
  done
  if [ -d "$work/redis" ]; then
    # Only what was started here has its process ids in the folder.
    read -ra ports <"$work/redis/ports"
    for port in "${ports[@]}"; do
      if pid=$(cat "$work/redis/$port/redis.pid" 2>/dev/null); then echo "redis-$port=$pid@$port"; fi
    done
  fi
}

refreshes() { # scenarios that present refresh tokens
  case $1 in client_credentials | login_mix | noisy_neighbour) return 1 ;; capacity | overload) [ "${GRANT:-}" = refresh ] ;; esac
}

scenario() { # name; extra NAME=VALUE for k6
  local name=$1 part pids status=0
  shift
  number=$((number + 1))
  part=$run/$(printf %02d "$number")-$name
  note "$name ($*)"
  # In a session of its own, like the engines: what Ctrl-C ends is this script, which then ends them in order.
  setsid "${on_load[@]}" "$k6" run --quiet --no-usage-report --log-output=stderr -e REPORT="$part" "${@/#/-e}" "loadtests/k6/$name.js" &
  driver=$!
  mapfile -t pids < <(observed)
  [ ${#observed_peer[@]} = 0 ] || pids=("${observed_peer[@]}")
  "${on_load[@]}" python3 loadtests/observe.py "$part.samples.json" "${pids[@]}" "k6=$driver" &
  observer=$!
  if [ "$name" = failover ]; then kill_a_primary; fi
  wait "$driver" || status=$?
  driver=""
  kill "$observer" 2>/dev/null || true
  if ! wait "$observer" || [ ! -s "$part.samples.json" ]; then
    note "$name was not observed to its end: what it cost is not known"
    failed=1
  fi
  observer=""
  if [ ! -s "$part.json" ]; then
    note "$name left no result (k6 ended with $status)"
    failed=1
  elif [ "$status" != 0 ]; then
    failed=1
  fi
  rm -f "$part.html" # the whole run gets one page
}

on_jeton() { # scenario, what it is a step of; NAME=VALUE for k6
  local facts=("BASE_URL=$base_urls" "OPERATIONS_URL=$operations_urls" "TITLE=jeton ($store)") name=$1 step=${2:-}
  shift $(($# > 1 ? 2 : 1))
  if refreshes "$name"; then
    if [ ! -s "$work/grown" ]; then python3 loadtests/seed.py "${base_urls%%,*}" "$sessions" >"$work/tokens"; fi
    facts+=("TOKENS=$work/tokens")
  fi
  observed_peer=()
  echo "{\"engines\": ${#jeton_pids[@]}, \"step\": \"$step\"}" >"$run/$(printf %02d $((number + 1)))-$name.more"
  scenario "$name" "${facts[@]}" "$@"
}

kill_a_primary() {
  local first port pid
  sleep "${KILL_AFTER_S:-$(awk -v warm="${WARMUP:-0}" -v span="$DURATION" '
    function seconds(text) { return text * (text ~ /h$/ ? 3600 : text ~ /m$/ ? 60 : 1) }
    BEGIN { print seconds(warm) + seconds(span) / 3 }')}"
  first=${nodes%%,*}
  port=$(redis-cli -p "${first##*:}" cluster nodes |
    awk '$3 ~ /master/ && $3 !~ /fail/ && !port { split($2, at, "[:@]"); port = at[2] } END { print port }')
  pid=$(cat "$work/redis/$port/redis.pid")
  note "killing the primary on port $port"
  kill -KILL "$pid"
}

# shellcheck source=loadtests/profiles.sh
. loadtests/profiles.sh

# ---- the run -----------------------------------------------------------------------------------------------------------

profile() { # the scenarios of a name
  local token="client_credentials refresh_chain organization_switch" people="login_mix refresh_contention"
  local hostile="replay_attack noisy_neighbour spike refresh_storm"
  case $1 in
    token) echo "$token" ;;
    people) echo "$people" ;;
    hostile) echo "$hostile" ;;
    all) echo "$token $people $hostile failover" ;;
    growth | scale | peers) echo "$1" ;;
    *) [[ $1 =~ ^[a-z_]+$ && -s loadtests/k6/$1.js ]] || die "$1 is neither a scenario nor a profile; see --help"; echo "$1" ;;
  esac
}

fits() { # can this scenario or profile run with what was asked for?
  case $1 in
    failover)
      if [ "$store" != cluster ] || [ -n "${JETON_TEST_CLUSTER:-}" ]; then
        die "failover kills a primary, and needs STORE=cluster without JETON_TEST_CLUSTER: a cluster of its own"
      fi
      ;;
    growth) [ "$store" = cluster ] || die "growth imports while engines run, and needs STORE=cluster" ;;
    scale) [ "$store" = cluster ] || die "scale runs several engines, and needs STORE=cluster" ;;
  esac
}

reads() { # does k6 make sense of this scenario with the variables that are set?
  [ -s "loadtests/k6/$1.js" ] || return 0
  "$k6" inspect --include-system-env-vars "loadtests/k6/$1.js" >"$work/inspected" 2>&1 ||
    die "$1: $(grep -o 'Error: [^\\]*' "$work/inspected" | head -1 || cat "$work/inspected")"
}

whole() { # names of variables, and the least that they may say
  local name least=$1
  for name in "${@:2}"; do
    if ! [[ ${!name} =~ ^(0|[1-9][0-9]{0,8})$ ]] || ((${!name} < least)); then
      die "$name: expected a number from $least on, not ${!name}"
    fi
  done
}

report() { # what is to be said of it, if it is not whole
  local stamp there part
  measuring=no
  for part in "$run"/[0-9]*-*.json; do break; done
  if [ ! -s "$part" ]; then note "no scenario left a result"; return 1; fi
  mkdir -p "$results"
  stamp=$(date -u +%Y-%m-%d-%H%M%S)
  there=$(cd "$results" && pwd)/$stamp
  python3 loadtests/assemble.py "$run" "$there.json" "$@" || return 1
  "$k6" run --quiet --no-usage-report -e RUN="$there.json" -e PAGE="$there.html" loadtests/k6/report/render.js >/dev/null || return 1
  note "$results/$stamp.html"
}

perform() { # scenario, growth, peers or scale
  local count name
  case $1 in
    growth) growth ;;
    peers) peers ;;
    scale)
      for count in 1 2 3; do
        stop_engines
        start_engines "$count"
        for name in $(profile token); do on_jeton "$name"; done
      done
      ;;
    *) on_jeton "$1" ;;
  esac
}

ROUNDS=$rounds ENGINES=$engines SESSIONS=$sessions
whole 1 ROUNDS ENGINES USERS ORGANIZATIONS
whole 0 SESSIONS
case $store in
  cluster) ;;
  embedded) [ "$engines" = 1 ] || die "ENGINES: the embedded store takes one engine" ;;
  *) die "STORE: expected cluster or embedded, not $store" ;;
esac
names=()
for asked in "${@:-token}"; do
  wanted=$(profile "$asked")
  read -ra several <<<"$wanted"
  names+=("${several[@]}")
done
for name in "${names[@]}"; do fits "$name"; done
# Logins cost what they cost where logins are the question; elsewhere they only make sessions.
passwords=cheap
case " ${names[*]} " in *" login_mix "* | *" soak "*) passwords=real ;; esac
[ "${FLOOD:-}" != password ] || passwords=real
passwords=${PASSWORDS:-$passwords}
replicas=1
case " ${names[*]} " in *" failover "*) replicas=2 ;; esac
replicas=${REPLICAS:-$replicas}

tests/install redis-server:redis-server redis-cli:redis-tools curl:curl openssl:openssl python3:python3 taskset:util-linux >&2
case " ${names[*]} " in *" growth "*) tests/install wrk:wrk >&2 ;; esac
k6=$(loadtests/k6/install)
for name in "${names[@]}"; do reads "$name"; done
jeton=$(program)
observed_peer=()
settle
import
start_engines "$engines"
python3 loadtests/machine.py "$store" "$passwords" "$jeton" >"$run/machine.json"
measuring=yes
for ((round = 1; round <= rounds; round++)); do
  for name in "${names[@]}"; do perform "$name"; done
done

report
[ "$failed" = 0 ]
