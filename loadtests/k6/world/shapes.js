// The shapes of load. Open by default: requests arrive at a rate whether or not the server keeps up.
import { STATS, drawn } from './measures.js'
import { settings } from './settings.js'

/** `perSecond` arrivals for the whole run; with MODEL=closed, `vus` callers who wait for each answer instead. */
export function steady(exec, perSecond, vus, more = {}) {
  const span = { exec, duration: `${settings.warmup + settings.duration}s`, gracefulStop: '10s', ...more }
  if (settings.model === 'closed') return { executor: 'constant-vus', vus, ...span }
  const [rate, timeUnit] = whole(perSecond)
  return { executor: 'constant-arrival-rate', rate, timeUnit, ...crowd(vus), ...span }
}

/** Arrivals that go from rate to rate: `[[seconds, rate], …]`. One with a `startTime` of its own is not warmed up. */
export function course(exec, from, stages, vus, more = {}) {
  const warming = more.startTime || settings.warmup === 0 ? [] : [[settings.warmup, from]]
  return {
    executor: 'ramping-arrival-rate',
    exec,
    startRate: Math.round(from),
    timeUnit: '1s',
    stages: [...warming, ...stages].map(([span, target]) => ({ duration: `${span}s`, target: Math.round(target) })),
    gracefulStop: '10s',
    ...crowd(vus),
    ...more,
  }
}

/** k6 counts in whole arrivals per unit of time. */
function whole(perSecond) {
  return Number.isInteger(perSecond) ? [perSecond, '1s'] : [Math.max(1, Math.round(perSecond * 60)), '1m']
}

function crowd(vus) {
  return { preAllocatedVUs: vus, maxVUs: Math.max(vus, Number(settings.maxVus) || vus) }
}

/** Options of a script: its scenarios and what it must reach. Of what is drawn, k6 keeps the percentiles apart. */
export function options(scenarios, thresholds) {
  return {
    scenarios,
    thresholds: { ...apart(), ...thresholds },
    summaryTrendStats: STATS,
    systemTags: ['status', 'name', 'scenario', 'error_code'],
    setupTimeout: '10m',
    teardownTimeout: '1m',
    noCookiesReset: false,
    discardResponseBodies: false,
    insecureSkipTLSVerify: Boolean(__ENV.INSECURE),
  }
}

const apart = () =>
  Object.fromEntries(
    drawn().flatMap((kind) => ['latency', 'asked', 'wrong', 'refused'].map((metric) => [`${metric}{kind:${kind}}`, []])),
  )

/** Thresholds of one kind of request: how slow at p99, and which share may be wrong. */
export function bounds(kind, p99Ms, wrongShare = 0.001) {
  return {
    [`latency{kind:${kind}}`]: [`p(99)<${p99Ms}`],
    [`wrong{kind:${kind}}`]: [`rate<=${wrongShare}`],
    [`asked{kind:${kind}}`]: ['count>0'],
  }
}

/** The load generator kept up: what it could not send was not measured. */
export const keptUp = (arrivals, share = 0.01) =>
  settings.model === 'closed' ? {} : { dropped_iterations: [`count<=${Math.ceil(arrivals * share)}`] }
