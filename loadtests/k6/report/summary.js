// What a scenario leaves behind: lines for the terminal, and with REPORT=path a path.json and a path.html.
import { SLICE_MS } from '../world/measures.js'
import { settings } from '../world/settings.js'
import { page } from './page.js'

/** k6's handleSummary for the scenario of that name. */
export const summary = (scenario) => (data) => {
  const result = read(scenario, data)
  const out = { stdout: lines(result) }
  if (settings.report) {
    out[`${settings.report}.json`] = `${JSON.stringify(result, null, 1)}\n`
    out[`${settings.report}.html`] = page({ title: `${settings.title}: ${scenario}`, scenarios: [result] })
  }
  return out
}

function read(scenario, { metrics, setup_data: prepared, state }) {
  const ended = Date.now()
  return {
    scenario,
    target: settings.title,
    began: (prepared && prepared.began) || ended - state.testRunDurationMs,
    ended,
    settings: { bases: settings.bases, duration_s: settings.duration, model: settings.model, asked: environment() },
    kinds: kinds(metrics),
    slices: { seconds: SLICE_MS / 1000, kinds: slices(metrics) },
    thresholds: thresholds(metrics),
    other: other(metrics),
    passed: thresholds(metrics).every((threshold) => threshold.ok),
  }
}

// The variables that a reader needs to repeat the run; never a secret.
const SHOWN =
  'RATE RATE_MAX STEPS GRANT VUS DURATION WARMUP MODEL CROWD SESSIONS STORM_S FLOOD FLOOD_RATE SPIKE_TIMES CAPACITY ' +
  'OVERLOAD_TIMES MACHINE_RATE LOGINS LOGIN_RATE HONEST_RATE DEAD ACROSS_TENANTS P99_MS USERS ORGANIZATIONS'

const environment = () =>
  Object.fromEntries(SHOWN.split(' ').filter((name) => __ENV[name]).map((name) => [name, __ENV[name]]))

/** What is known of each kind of request; latency in ms. */
function kinds(metrics) {
  const found = {}
  for (const [name, { values }] of Object.entries(metrics)) {
    const told = /^(latency|asked|wrong|refused)\{kind:([a-z_]+)\}$/.exec(name)
    if (told) entry(found, told[2])[told[1]] = values
  }
  return found
}

const entry = (found, kind) => (found[kind] = found[kind] || {})

const sliced = (metrics, kind) =>
  Object.entries(metrics)
    .filter(([name]) => new RegExp(`^slice_${kind}_\\d\\d$`).test(name))
    .map(([name, { values }]) => ({ slice: Number(name.slice(-2)), ...values }))
    .filter((values) => values.count > 0)
    .sort((one, other) => one.slice - other.slice)

function slices(metrics) {
  const found = {}
  for (const name of Object.keys(metrics)) {
    const trend = /^slice_(.+)_\d\d$/.exec(name)
    if (trend && !found[trend[1]]) found[trend[1]] = points(sliced(metrics, trend[1]))
  }
  return found
}

/** One point for each slice up to the last that was answered; one in which nothing was answered is a gap, not a line. */
function points(parts) {
  const last = parts.length > 0 ? parts[parts.length - 1].slice : -1
  const at = new Map(parts.map((part) => [part.slice, part]))
  return [...Array(last + 1).keys()].map((slice) => point(slice, at.get(slice)))
}

function point(slice, { count = 0, med = null, max = null, ...rest } = {}) {
  const at = ((slice + 0.5) * SLICE_MS) / 1000
  return { at, rate: count / (SLICE_MS / 1000), p50: med, p99: count > 0 ? rest['p(99)'] : null, max }
}

function thresholds(metrics) {
  return Object.entries(metrics).flatMap(([metric, { thresholds: bounds, values }]) =>
    Object.entries(bounds || {}).map(([bound, { ok }]) => ({ metric, bound, ok, value: valueOf(bound, values) })),
  )
}

/** The number that a bound such as `p(99)<50` is about. */
const valueOf = (bound, values) => values[/^[a-z]+(\([\d.]+\))?/.exec(bound)[0]]

/** Everything else that was counted, without k6's own and without tags. */
function other(metrics) {
  const own = /^(slice_|http_req|data_|iteration|vus|checks|group_)|\{/
  const kept = Object.entries(metrics).filter(([name]) => !own.test(name) || name === 'http_reqs')
  return Object.fromEntries(kept.map(([name, { values }]) => [name, values]))
}

function lines(result) {
  const out = [`\n${result.target}: ${result.scenario}, ${result.settings.duration_s} s`]
  for (const [kind, { latency, asked, wrong }] of Object.entries(result.kinds)) {
    if (!asked || asked.count === 0) continue
    const stat = (name) => (latency.count === 0 ? '-' : latency[name].toFixed(2))
    const share = wrong.rate > 0 ? `, ${(100 * wrong.rate).toFixed(2)} % wrong` : ''
    const count = `${latency.count} ok of ${asked.count}${share}`
    out.push(`  ${kind.padEnd(20)} p50 ${stat('med')} ms, p99 ${stat('p(99)')} ms, max ${stat('max')} ms; ${count}`)
  }
  const { count: unsent } = result.other.dropped_iterations || { count: 0 }
  if (unsent > 0) out.push(`  ${unsent} arrivals found no virtual user and were not sent (dropped_iterations)`)
  for (const { metric, bound, ok, value } of result.thresholds) {
    if (!ok) out.push(`  FAILED ${metric}: ${bound}, was ${value}`)
  }
  const passed = result.thresholds.filter((threshold) => threshold.ok).length
  out.push(`  ${passed} of ${result.thresholds.length} thresholds hold\n`)
  return out.join('\n')
}
