# shellcheck shell=bash disable=SC2034,SC2154 # what run.sh, which sources this, has set and goes on with
# The profiles that are more than a list of scenarios: peers and growth. Sourced by run.sh for its functions and variables.

# ---- comparison with other servers -------------------------------------------------------------------------------------

on_peer() { # peer, scenario
  local folder=$work/peer-$1 facts=()
  JETON_LAUNCH="${on_server[*]}" SESSIONS=$sessions loadtests/peers/peer start "$1" "$folder" >/dev/null || {
    failed=1
    return 0
  }
  mapfile -t facts <"$folder/environment"
  observed_peer=("engine-0=$(cat "$folder/pid")")
  scenario "$2" "${facts[@]}" "TITLE=$1"
  observed_peer=()
  loadtests/peers/peer stop "$folder"
}

peers() {
  local name peer
  # Node compiles what it runs often: everybody gets the same time for that.
  export WARMUP=${WARMUP:-10s}
  for name in client_credentials refresh_chain; do
    on_jeton "$name"
    for peer in ${PEERS:-authhero oidc-provider}; do on_peer "$peer" "$name"; done
  done
}

# ---- growth ------------------------------------------------------------------------------------------------------------

growth() {
  local count fresh have=0
  # What is new is not in any cache yet.
  export WARMUP=${WARMUP:-5s}
  for count in ${GROWTH_SESSIONS:-1000 10000 100000}; do
    # Chains of the newest; the older ones are only there, as most sessions are at any moment.
    fresh=$((count - have < 20000 ? count - have : 20000))
    fill $((count - have - fresh))
    python3 loadtests/seed.py "${base_urls%%,*}" "$fresh" >"$work/tokens"
    have=$count
    echo "$count" >"$work/grown"
    on_jeton refresh_chain "$count sessions"
  done
  rm "$work/grown"
  for count in ${GROWTH_ORGANIZATIONS:-1 100 1000}; do
    USERS=20 import --organizations "$count" --organizations-per-user "$count"
    USERS=20 ORGANIZATIONS=$count on_jeton organization_switch "$count organizations of each person"
  done
  for count in ${GROWTH_TENANTS:-1 100 1000}; do
    USERS=1 import --tenants "$count"
    on_jeton client_credentials "$count tenants" "ACROSS_TENANTS=$count"
  done
  for count in ${GROWTH_CONNECTIONS:-64 1000 10000}; do
    hold "$count"
    on_jeton client_credentials "$count connections"
    kill "$holder"
    wait "$holder" || failed=1
    holder=""
  done
}

fill() { # how many sessions, of which nobody keeps the tokens
  [ "$1" -gt 0 ] || return 0
  # Fewer at once than hashes of one tenant may wait (`passwords.tenant_queue`).
  "${on_load[@]}" wrk -t1 -c32 -d1000h -s loadtests/wrk/people.lua "${base_urls%%,*}/oauth/token" -- \
    "$(python3 loadtests/seed.py form)" "$USERS" "$1" >"$work/filled" || {
    tail -1 "$work/filled" >&2
    die "$1 sessions could not be made"
  }
  note "$(tail -1 "$work/filled")"
}

hold() { # connections to the first engine
  rm -f "$work/held"
  "${on_load[@]}" python3 loadtests/connections.py "${base_urls%%,*}" "$1" >"$work/held" &
  holder=$!
  for _ in $(seq 600); do
    [ ! -s "$work/held" ] || return 0
    kill -0 "$holder" 2>/dev/null || die "$1 connections cannot be held"
    sleep 0.1
  done
  die "$1 connections took longer than a minute"
}
