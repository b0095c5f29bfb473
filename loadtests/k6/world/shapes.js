// The shapes of load. Open by default: requests arrive at a rate whether or not the server keeps up.
import { STATS, drawn } from './measures.js'
import { settings, span } from './settings.js'

/** `perSecond` arrivals for the whole run; with MODEL=closed, `vus` callers who wait for each answer instead. */
export function steady(exec, perSecond, vus, more = {}) {
  const rest = { exec, duration: `${settings.warmup + settings.duration}s`, gracefulStop: '10s', ...more }
  if (settings.model === 'closed') return { executor: 'constant-vus', vus, ...rest }
  const [timeUnit, rate] = whole(perSecond)
  return { executor: 'constant-arrival-rate', rate: Math.max(1, rate), timeUnit, ...crowd(vus), ...rest }
}

/** Arrivals that go from rate to rate: `[[seconds, rate], …]`. One with a `startTime` of its own is not warmed up. */
export function course(exec, from, stages, vus, more = {}) {
  const warming = more.startTime || settings.warmup === 0 ? [] : [[settings.warmup, from]]
  const all = [...warming, ...stages]
  const [timeUnit, startRate, ...targets] = whole(from, ...all.map(([, target]) => target))
  return {
    executor: 'ramping-arrival-rate',
    exec,
    startRate,
    timeUnit,
    stages: all.map(([length], nth) => ({ duration: `${length}s`, target: targets[nth] })),
    gracefulStop: '10s',
    ...crowd(vus),
    ...more,
  }
}

/** k6 counts in whole arrivals per unit of time: that unit, and the rates in it. */
function whole(...perSecond) {
  return perSecond.every(Number.isInteger) ? ['1s', ...perSecond] : ['1m', ...perSecond.map((rate) => Math.round(rate * 60))]
}

function crowd(vus) {
  return { preAllocatedVUs: vus, maxVUs: Math.max(vus, Number(settings.maxVus) || vus) }
}

/**
 * Options of a script: its scenarios and what it must reach. `mayDrop` says of a scenario which share of its arrivals the load
 * generator may fail to send; 1 is any.
 */
export function options(scenarios, thresholds, mayDrop = {}) {
  return {
    scenarios,
    thresholds: { ...apart(thresholds), ...notEmpty(thresholds), ...keptUp(scenarios, mayDrop), ...thresholds },
    summaryTrendStats: STATS,
    systemTags: ['status', 'name', 'scenario', 'error_code'],
    setupTimeout: '10m',
    teardownTimeout: '1m',
    noCookiesReset: false,
    discardResponseBodies: false,
    insecureSkipTLSVerify: Boolean(__ENV.INSECURE),
  }
}

/** k6 tells only those kinds apart that a threshold names: what is drawn or bounded gets a row of its own in the report. */
function apart(thresholds) {
  const bounded = Object.keys(thresholds).flatMap((name) => /\{kind:([a-z_]+)/.exec(name)?.[1] ?? [])
  return Object.fromEntries(
    [...drawn(), ...bounded].flatMap((kind) =>
      ['latency', 'asked', 'wrong', 'refused'].map((metric) => [`${metric}{kind:${kind}}`, []]),
    ),
  )
}

/** To k6 the slowest of no answers took 0 ms, and of no answers none was wrong: such a bound must have something to hold for. */
function notEmpty(thresholds) {
  const counts = { latency: 'answered', wrong: 'asked' }
  return Object.fromEntries(
    Object.keys(thresholds)
      .map((name) => /^(latency|wrong)(\{.*)$/.exec(name))
      .filter(Boolean)
      .map(([, metric, tags]) => [counts[metric] + tags, ['count>0']]),
  )
}

/** What the load generator could not send was not measured: one in a hundred of each scenario at most. */
function keptUp(scenarios, mayDrop) {
  return Object.fromEntries(
    Object.entries(scenarios)
      .map(([name, scenario]) => [name, arrivals(scenario), mayDrop[name] ?? 0.01])
      .filter(([, count, share]) => count > 0 && share < 1)
      .map(([name, count, share]) => [`dropped_iterations{scenario:${name}}`, [`count<=${Math.ceil(count * share)}`]]),
  )
}

/** How many iterations a scenario is to begin; 0 if its callers wait for each answer. */
function arrivals({ rate, timeUnit, duration, startRate, stages }) {
  if (timeUnit === undefined) return 0
  if (stages === undefined) return (rate * span(duration)) / span(timeUnit)
  let [sum, from] = [0, startRate]
  for (const { duration, target } of stages) {
    sum += ((from + target) / 2) * span(duration)
    from = target
  }
  return sum / span(timeUnit)
}

/** Thresholds of one kind of request: how slow at p99, and which share may be wrong. */
export const bounds = (kind, p99Ms, wrongShare = 0.001) => ({
  [`latency{kind:${kind}}`]: [`p(99)<${p99Ms}`],
  [`wrong{kind:${kind}}`]: [`rate<=${wrongShare}`],
})

/**
 * From which share of a run on the server must be itself again, `afterS` seconds into its last third. A run too short for that
 * still leaves its last tenth to look at.
 */
export const recovered = (afterS) => Math.min(0.9, 2 / 3 + afterS / settings.duration)
