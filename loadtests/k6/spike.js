// Ten times the load within two seconds, for a third of the run, and back. Too much is answered quickly with 503 or 429; when
// it is over, latency is what it was.
import { own } from './world/chains.js'
import { draw, measured, prepared, progress } from './world/measures.js'
import { or, rate, settings, vus } from './world/settings.js'
import { course, options as run, recovered } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const perSecond = rate(100)
const times = or('SPIKE_TIMES', 10)
const third = settings.duration / 3
const ramp = Math.min(2, third / 4)
const calm = recovered(ramp + or('RECOVER_S', 2))
draw('refresh', 'client_credentials')

const stages = (base) => [
  [third, base],
  [ramp, base * times],
  [third - 2 * ramp, base * times],
  [ramp, base],
  [third, base],
]

export const options = run(
  {
    sessions: course('refresh', perSecond / 2, stages(perSecond / 2), vus(100)),
    machines: course('machine', perSecond / 2, stages(perSecond / 2), vus(100)),
  },
  {
    'latency{phase:before}': [`p(99)<${or('P99_MS', 50)}`],
    'latency{phase:spike}': [`p(99)<${or('SPIKE_P99_MS', 1000)}`],
    'latency{phase:after}': [`p(99)<${or('P99_MS', 50)}`],
    'wrong{kind:refresh}': ['rate<=0.001'],
    'wrong{kind:client_credentials}': ['rate<=0.001'],
    refusal_latency: [`p(99)<${or('REFUSED_MS', 50)}`],
    logged_out: ['count==0'],
  },
)

export const setup = prepared()

function phase() {
  const now = progress()
  return { phase: now < 1 / 3 ? 'before' : now < 2 / 3 ? 'spike' : now < calm ? 'recovering' : 'after' }
}

export const refresh = measured(() => own().refresh('refresh', {}, { tags: phase() }))

export const machine = measured(() => clientCredentials({ tags: phase() }))

export const handleSummary = summary('spike')
