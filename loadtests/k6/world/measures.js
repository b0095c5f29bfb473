// What is measured: latency by kind, and by kind and slice of the run, so that the report can draw it over time.
import { Counter, Rate, Trend } from 'k6/metrics'
import { settings } from './settings.js'

/** The run is drawn in so many slices of equal length, none shorter than a second. */
export const SLICES = Math.max(1, Math.min(30, Math.floor(settings.duration)))
export const SLICE_MS = (settings.duration * 1000) / SLICES

export const STATS = ['count', 'min', 'avg', 'med', 'p(75)', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max']

const latency = new Trend('latency', true)
const asked = new Counter('asked')
const answered = new Counter('answered')
const wrong = new Rate('wrong')
const refused = new Counter('refused')
const refusalLatency = new Trend('refusal_latency', true)

/** Live sessions that were told their token is dead. */
export const loggedOut = new Counter('logged_out')
/** From the first try to the tokens, retries included. */
export const recovery = new Trend('recovery', true)

/** The kind of what only makes ready, such as the login of a virtual user for whom no session stood ready. */
export const PREPARATION = 'preparation'

const slices = {}
let origin = 0

/** Must be called in the init context of a script: the kinds of requests that it draws over time. */
export function draw(...kinds) {
  for (const kind of kinds) {
    slices[kind] = []
    for (let nth = 0; nth < SLICES; nth++) {
      slices[kind].push(new Trend(`slice_${kind}_${String(nth).padStart(2, '0')}`, true))
    }
  }
}

/** The kinds that were told to `draw`. */
export const drawn = () => Object.keys(slices)

/** A setup function: what `prepare` gives, and when measuring begins. */
export const prepared = (prepare = () => ({})) => () => {
  const facts = prepare()
  return { ...facts, began: Date.now() + settings.warmup * 1000 }
}

/** A scenario function: what it asks is measured from when preparation had ended. */
export const measured = (scenario) => (facts) => {
  origin = facts.began
  return scenario(facts)
}

/** How far the run is: 0 at its begin, 1 at its end. */
export const progress = () => (origin === 0 ? 0 : Math.max(0, Date.now() - origin) / (settings.duration * 1000))

/**
 * Counts one answer. `outcome` is `ok`, `refused` (asked to come back: 503 or 429) or `wrong`; what is asked while
 * preparing or warming up is not counted.
 */
export function note(kind, outcome, ms, tags = {}) {
  if (origin === 0 || kind === PREPARATION || Date.now() - ms < origin) return
  const labels = { kind, ...tags }
  asked.add(1, labels)
  wrong.add(outcome === 'wrong', labels)
  if (outcome === 'refused') {
    refused.add(1, labels)
    refusalLatency.add(ms, labels)
  } else if (outcome === 'ok') {
    answered.add(1, labels)
    latency.add(ms, labels)
    const slice = Math.min(SLICES - 1, Math.floor((Date.now() - ms - origin) / SLICE_MS))
    const trends = slices[kind]
    if (trends && slice >= 0) trends[slice].add(ms)
  }
}
