// Hours of ordinary life: refreshes, machines, a login now and then. Memory must stay bounded and latency flat.
// OPERATIONS_URL (several, separated by commas) is where /metrics is read; `none` runs without bounds on memory.
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { own } from './world/chains.js'
import { draw, measured, prepared, progress } from './world/measures.js'
import { logIn } from './world/people.js'
import { or, rate, seconds, settings, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const perSecond = rate(200)
const logins = or('LOGIN_RATE', 1)
const p99 = or('P99_MS', 50)
const every = seconds('SCRAPE_S', Math.min(5, settings.duration / 20))
const resident = new Trend('resident_mib')
const growth = new Trend('memory_growth_percent')
const samples = new Counter('memory_samples')
const gauges = settings.operations && settings.operations !== 'none' ? settings.operations.split(',') : []
draw('refresh', 'client_credentials')

const quarters = (kind) =>
  Object.fromEntries([1, 2, 3, 4].map((nth) => [`latency{kind:${kind},quarter:${nth}}`, [`p(99)<${p99}`]]))

const scenarios = {
  sessions: steady('refresh', perSecond * 0.7, vus(50)),
  machines: steady('machine', perSecond * 0.3, 20),
  people: steady('person', logins, 10),
}
if (gauges.length > 0) {
  scenarios.gauges = { executor: 'constant-arrival-rate', exec: 'scrape', rate: 1, timeUnit: `${every}s` }
  Object.assign(scenarios.gauges, { duration: `${settings.warmup + settings.duration}s`, preAllocatedVUs: 1, maxVUs: 1 })
}

export const options = run(scenarios, {
  ...quarters('refresh'),
  ...quarters('client_credentials'),
  ...bounds('refresh', p99),
  ...bounds('client_credentials', p99),
  ...bounds('password', or('LOGIN_P99_MS', 1500)),
  logged_out: ['count==0'],
  ...(gauges.length > 0 && {
    memory_growth_percent: [`max<${or('GROWTH_PERCENT', 25)}`],
    resident_mib: [`max<${or('RESIDENT_MIB', 512)}`],
    // Of the three quarters in which growth is looked at, more than half must have been seen.
    memory_samples: [`count>=${Math.max(2, Math.floor((0.4 * settings.duration) / every))}`],
  }),
})

export const setup = prepared(() => {
  if (!settings.operations) throw new Error('OPERATIONS_URL: expected where /metrics is read, or none for no bounds on memory')
})

const quarter = () => ({ quarter: String(Math.min(4, 1 + Math.floor(progress() * 4))) })

export const refresh = measured(() => own().refresh('refresh', {}, { tags: quarter() }))

export const machine = measured(() => clientCredentials({ tags: quarter() }))

export const person = measured(() => logIn(exec.scenario.iterationInTest))

let warm

/** Growth is counted from the end of the first quarter: until then caches fill. */
export const scrape = measured(() => {
  const sizes = gauges.map(residentMib)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  resident.add(Math.max(...sizes))
  if (progress() > 0.25) {
    warm = warm || total
    growth.add((100 * (total - warm)) / warm)
    samples.add(1)
  }
})

function residentMib(at) {
  const { body } = http.get(`${at}/metrics`, { tags: { name: 'metrics' }, responseType: 'text' })
  const found = /^process_resident_memory_bytes (\S+)/m.exec(body || '')
  if (!found) throw new Error(`${at}/metrics does not tell process_resident_memory_bytes`)
  return Number(found[1]) / 1048576
}

export const handleSummary = summary('soak')
