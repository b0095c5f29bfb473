# shellcheck shell=bash disable=SC2154,SC2034 # `measurement`, `work`, `cleanup` … come from who sources this, `nodes` goes there
# What the measurements have in common: which core does what, servers, and one run of wrk against one of them.
# Sourced from the repository's root by ceiling.sh, compare.sh and run.sh, which set:
#
#   measurement    what notes begin with
#   work           a folder of the run's own, which its cleanup removes
#   cleanup        a function that ends whatever was started; called here however the run ends
#
# and, before they measure: `seconds` and `connections` (of one run of wrk), `scenarios` (for wants).

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

note() { echo "$measurement: $*" >&2; }
die() { note "$*"; exit 1; }
wants() { grep -qw -- "$1" <<<"$scenarios"; }

# ---- where things run ------------------------------------------------------------------------------------------------

# pin SERVER LOAD: cores (as taskset writes them) for servers, and for what asks them; one core does both.
pin() {
  cores=$(nproc)
  on_server=()
  on_load=()
  if [ "$cores" -ge 2 ]; then
    on_server=(taskset -c "$1")
    on_load=(taskset -c "$2")
  fi
  keep_awake
}

# A core with nothing to do halts. In a virtual machine whoever wakes it leaves the machine for that, and pays with
# microseconds of its own: servers would be charged for how often the load generator sleeps. Held open, this file keeps
# cores awake (Documentation/power/pm_qos_interface.rst); so does `tuned-adm profile latency-performance`.
keep_awake() {
  { exec {awake}>/dev/cpu_dma_latency && printf '\0\0\0\0' >&"$awake"; } 2>/dev/null ||
    note "cores may halt between requests, which costs servers processor time (keeping them awake takes root)"
}

# ---- servers ---------------------------------------------------------------------------------------------------------

# start_redis DIR ARGUMENTS…: a Redis Cluster on the cores of the load; its nodes go to `nodes`.
start_redis() {
  local directory=$1 base
  shift
  for base in ${REDIS_PORT:-8100} 8300 8500; do
    if "${on_load[@]}" tests/redis-cluster start "$directory" "$base" "$@" >"$work/nodes"; then
      nodes=$(tail -1 "$work/nodes")
      return
    fi
  done
  die "the Redis Cluster did not start"
}

# start_jeton NAME PROGRAM [NODES]: the demo tenant; what is known of it goes below $work/NAME.
start_jeton() {
  local name=$1 program=$2 cluster=${3:-}
  JETON_BIN=$program JETON_LAUNCH="${on_server[*]}" JETON_TEST_CLUSTER=$cluster \
    tests/jeton-server start "$work/$name" >/dev/null
  python3 tests/clients/demo.py config/demo "$(cat "$work/$name/issuer")" >"$work/$name/facts"
}

# ---- one measurement -------------------------------------------------------------------------------------------------

cpu_ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
core_idle() { awk -v core="cpu$((cores >= 2 ? 1 : 0))" '$1 == core { print $5 + $6 }' /proc/stat; }

# measure PID URL SCRIPT ARGUMENTS…: prints requests/s, CPU µs per request, p50 ms, p99 ms, busy % of the load's core
measure() {
  local pid=$1 url=$2 script=$3 ticks idle began ended
  shift 3
  ticks=$(cpu_ticks "$pid")
  idle=$(core_idle)
  began=$(date +%s%N)
  "${on_load[@]}" wrk -t1 -c"$connections" -d"${seconds}s" -s "loadtests/wrk/$script.lua" "$url" -- "$@" >"$work/wrk"
  ended=$(date +%s%N)
  ticks=$(($(cpu_ticks "$pid") - ticks))
  idle=$(($(core_idle) - idle))
  awk -v measurement="$measurement" -v ticks="$ticks" -v idle="$idle" -v wall="$((ended - began))" \
    -v hertz="$(getconf CLK_TCK)" '
    $1 == "RESULT" {
      if ($4 + $5 > 0) print measurement ": " $4 " refused, " $5 " lost of " $2 > "/dev/stderr"
      if ($4 > $2 / 1000) exit 1
      printf "%.0f %.1f %.2f %.2f %.0f\n", $2 / ($3 / 1e6), ticks / hertz * 1e6 / $2, $6 / 1e3, $7 / 1e3,
        100 * (1 - idle / hertz / (wall / 1e9))
      found = 1
    }
    END { if (!found) exit 1 }' "$work/wrk" || { cat "$work/wrk" >&2; die "the run of $script against $url failed"; }
}

# ask_jeton NAME machine|refresh|organization|introspection: measures the server of that name.
ask_jeton() {
  local server=$work/$1 name=$2 script=refresh path=oauth/token asked
  cp "$server/facts" "$work/any-facts"
  asked=$(form "$name")
  case $name in
    machine) script=client_credentials ;;
    introspection)
      script=client_credentials # the same request over and over
      path=oauth/introspect
      asked+=$(python3 loadtests/sessions.py "$server/facts" access)
      ;;
    *) python3 loadtests/sessions.py "$server/facts" login $((connections * 2)) >"$work/tokens" ;;
  esac
  measure "$(cat "$server/pid")" "$(cat "$server/issuer")$path" "$script" \
    "$asked" "$(authorization "$name")" "$work/tokens" 1
}

form() { python3 loadtests/sessions.py "$work/any-facts" form "$1"; }
authorization() { python3 loadtests/sessions.py "$work/any-facts" authorization "$1"; }
