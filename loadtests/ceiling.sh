#!/usr/bin/env bash
# How near Jeton comes to bare hyper: each scenario on one core, side by side with a server that only signs.
#
#   loadtests/ceiling.sh              prints a Markdown table for loadtests/README.md; about ten minutes with the build
#   ROUNDS=5 SECONDS_PER_RUN=10 CONNECTIONS=64 SCENARIOS="client_credentials embedded" loadtests/ceiling.sh
#   JETON_BIN=… BARE_BIN=… loadtests/ceiling.sh      of programs built elsewhere
#   PROFILE=dev ROUNDS=1 SECONDS_PER_RUN=2 loadtests/ceiling.sh      tries the script; its numbers mean nothing
#
# Servers run on core 0; wrk and Redis on core 1 (with one core, together). Rounds alternate A B A B; a ratio is taken
# within each round, and the table shows medians.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds=${ROUNDS:-3}
seconds=${SECONDS_PER_RUN:-8}
connections=${CONNECTIONS:-64}
scenarios=${SCENARIOS:-"client_credentials embedded cluster organization introspection memory"}
profile=${PROFILE:-release}
target=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")
program=${JETON_BIN:-$target/jeton}
bare=${BARE_BIN:-$target/examples/bare-hyper}

measurement=ceiling
work=$(mktemp -d "${TMPDIR:-/tmp}/jeton-ceiling-XXXXXX")
bare_pids=()
cleanup() {
  local pid name
  for pid in "${bare_pids[@]+"${bare_pids[@]}"}"; do kill "$pid" 2>/dev/null || true; done
  for name in embedded cluster; do tests/jeton-server stop "$work/$name" || true; done
  if [ -d "$work/redis" ]; then tests/redis-cluster stop "$work/redis" >/dev/null || true; fi
  rm -rf "$work"
}
# shellcheck source=loadtests/measuring.sh
. loadtests/measuring.sh
pin 0 1

# ---- servers -------------------------------------------------------------------------------------------------------

start_bare() { # name, the request whose answer it imitates, arguments…; its address goes to bare-NAME
  local name=$1 like=$2
  shift 2
  python3 loadtests/sessions.py "$work/any-facts" answer "$like" >"$work/like-$like"
  "${on_server[@]}" "$bare" --like "$work/like-$like" "$@" --threads 1 >"$work/bare-$name" 2>&1 &
  bare_pids+=($!)
  echo $! >"$work/bare-$name.pid"
  for _ in $(seq 100); do
    [ -s "$work/bare-$name" ] && return
    sleep 0.05
  done
  die "bare-hyper did not start"
}

# ---- one measurement -----------------------------------------------------------------------------------------------

ask_bare() { # which, scenario
  local name=$2 server=$work/bare-$1 script=client_credentials
  case $name in refresh | organization) script=refresh ;; esac
  python3 loadtests/sessions.py "$work/any-facts" strangers $((connections * 2)) >"$work/tokens"
  measure "$(cat "$server.pid")" "http://$(cat "$server")/oauth/token" "$script" \
    "$(form "$name")" "$(authorization "$name")" "$work/tokens" 1
}

# ---- a scenario: alternating rounds, one row of the table ------------------------------------------------------------

row() { # title, embedded | cluster, machine | refresh | organization | introspection, which bare server
  local title=$1 store=$2 name=$3 bare_name=$4 round ours bare
  note "$title"
  seconds=2 ask_jeton "$store" "$name" >/dev/null # caches, connections, branch predictors
  seconds=2 ask_bare "$bare_name" "$name" >/dev/null
  : >"$work/rounds"
  for ((round = 1; round <= rounds; round++)); do
    ours=$(ask_jeton "$store" "$name")
    bare=$(ask_bare "$bare_name" "$name")
    note "  round $round: ours $ours | bare $bare"
    echo "$ours $bare" >>"$work/rounds"
  done
  awk -v title="$title" -v which="$bare_name" '
    function median(values, count,    i, j, held) {
      for (i = 2; i <= count; i++) {
        held = values[i]
        for (j = i - 1; j > 0 && values[j] > held; j--) values[j + 1] = values[j]
        values[j + 1] = held
      }
      return count % 2 ? values[(count + 1) / 2] : (values[count / 2] + values[count / 2 + 1]) / 2
    }
    { rate[NR] = $1; cpu[NR] = $2; p50[NR] = $3; p99[NR] = $4; busy[NR] = $5; bare[NR] = $6; bare_cpu[NR] = $7; ratio[NR] = $1 / $6
      seen = seen sprintf("%s%.2f", NR > 1 ? " " : "", ratio[NR]) }
    END { printf "| %s | %.0f | %.1f | %.0f (%s) | %.1f | **%.2f** (%s) | %.2f / %.2f | %.0f %% |\n", title, median(rate, NR), median(cpu, NR),
      median(bare, NR), which, median(bare_cpu, NR), median(ratio, NR), seen, median(p50, NR), median(p99, NR), median(busy, NR) }' "$work/rounds" >>"$work/table"
}

# ---- memory --------------------------------------------------------------------------------------------------------

used_memory() { # bytes of data on all primaries
  local port total=0
  for port in $(primary_ports); do
    total=$((total + $(redis-cli -p "$port" info memory | tr -d '\r' | awk -F: '$1 == "used_memory_dataset" { print $2 }')))
  done
  echo "$total"
}

primary_ports() {
  local first=${nodes%%,*}
  redis-cli -p "${first##*:}" cluster nodes | awk '$3 ~ /master/ { split($2, at, "[:@]"); print at[2] }'
}

# MEMORY USAGE of every key, by the part of its name before what is particular to it.
per_key() {
  local port
  for port in $(primary_ports); do
    redis-cli -p "$port" eval "
      local cursor, bytes, count = '0', {}, {}
      repeat
        local page = redis.call('SCAN', cursor, 'COUNT', 1000)
        cursor = page[1]
        for _, key in ipairs(page[2]) do
          local kind = string.match(key, '^[^{]*{%a*:?') or string.match(key, '^%a*') or '?'
          local tail = string.match(key, '}(:?%a?)') or ''
          local family = kind .. '…}' .. tail
          bytes[family] = (bytes[family] or 0) + redis.call('MEMORY', 'USAGE', key)
          count[family] = (count[family] or 0) + 1
        end
      until cursor == '0'
      local lines = {}
      for family, total in pairs(bytes) do table.insert(lines, family .. ' ' .. count[family] .. ' ' .. total) end
      return lines" 0
  done | awk 'NF == 3 { count[$1] += $2; bytes[$1] += $3 }
    END { for (kind in count) if (count[kind] >= 100) printf "| Redis, mean of %d keys `%s` | %.0f bytes |\n", count[kind], kind, bytes[kind] / count[kind] }' | sort
}

memory() {
  local sessions=${SESSIONS:-1000} before after ready_ms resident_mib
  read -r ready_ms resident_mib < <(python3 loadtests/startup.py "$program" 5)
  {
    echo "| start to ready, empty embedded store | $ready_ms ms |"
    echo "| resident memory, idle | $resident_mib MiB |"
  } >>"$work/memory"
  [ -n "${nodes:-}" ] || return 0
  before=$(used_memory)
  python3 loadtests/sessions.py "$work/cluster/facts" login "$sessions" >/dev/null
  after=$(used_memory)
  echo "| Redis, data of one session with one family (mean of $sessions) | $(((after - before) / sessions)) bytes |" >>"$work/memory"
  per_key >>"$work/memory"
}

# ---- the run -------------------------------------------------------------------------------------------------------

tests/install wrk:wrk redis-server:redis-server redis-cli:redis-tools curl:curl openssl:openssl python3:python3 \
  taskset:util-linux >&2
if [ -n "${JETON_BIN:-}" ] && [ -n "${BARE_BIN:-}" ]; then
  note "$program against $bare, as they are"
elif [ "$profile" = dev ]; then
  cargo build --locked --bin jeton --example bare-hyper
else
  cargo build --locked --profile "$profile" --bin jeton --example bare-hyper
fi

: >"$work/table"
: >"$work/memory"
start_jeton embedded "$program"
cp "$work/embedded/facts" "$work/any-facts"
start_bare "1 JWT" machine
start_bare "2 JWT" refresh
start_bare "2 JWT + journal" refresh --journal "$work/bare-journal.db"
start_bare "2 JWT, organization" organization
start_bare "no JWT" introspection
if wants client_credentials; then row "client_credentials" embedded machine "1 JWT"; fi
if wants embedded; then
  row "refresh, embedded store" embedded refresh "2 JWT"
  row "refresh, embedded store" embedded refresh "2 JWT + journal"
fi
if wants organization; then row "refresh with organization, embedded store" embedded organization "2 JWT, organization"; fi
if wants introspection; then row "introspection, embedded store" embedded introspection "no JWT"; fi
if wants cluster; then
  start_redis "$work/redis"
  start_jeton cluster "$program" "$nodes"
  start_bare "2 JWT + fred" refresh --cluster "$nodes"
  start_bare "2 JWT, organization + fred" organization --cluster "$nodes"
  start_bare "fred" introspection --cluster "$nodes"
  row "refresh, Redis Cluster" cluster refresh "2 JWT + fred"
  if wants organization; then row "refresh with organization, Redis Cluster" cluster organization "2 JWT, organization + fred"; fi
  if wants introspection; then row "introspection, Redis Cluster" cluster introspection "fred"; fi
fi
if wants memory; then memory; fi

cat <<REPORT
$(date -u +%Y-%m-%d), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $cores cores, profile \`$profile\`, commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown).
\`ROUNDS=$rounds SECONDS_PER_RUN=$seconds CONNECTIONS=$connections loadtests/ceiling.sh\`

| scenario | Jeton, requests/s | CPU µs per request | bare hyper, requests/s | CPU µs per request | ratio (each round) | p50 / p99 ms | load core busy |
|---|---|---|---|---|---|---|---|
$(cat "$work/table")

| memory and start | |
|---|---|
$(cat "$work/memory")
REPORT
