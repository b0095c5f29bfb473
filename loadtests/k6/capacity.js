// How much a server takes: the rate climbs in STEPS from RATE to RATE_MAX, for GRANT; the report shows where latency bends.
import { own } from './world/chains.js'
import { draw, measured, prepared } from './world/measures.js'
import { choice, or, rate, settings, vus } from './world/settings.js'
import { course, options as run } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const kind = choice('GRANT', ['client_credentials', 'refresh'])
const from = rate(500)
const most = or('RATE_MAX', from * 8)
const steps = Math.max(1, or('STEPS', 8))
draw(kind)

const each = settings.duration / steps
const stages = [...Array(steps).keys()].flatMap((nth) => {
  const target = from + ((most - from) * nth) / Math.max(1, steps - 1)
  return [[0, target], [each, target]]
})

export const options = run(
  { climb: course(kind === 'refresh' ? 'refresh' : 'machine', from, stages, vus(200)) },
  // Beyond capacity is where this goes on purpose, and there the load generator runs out of virtual users: only wrong answers
  // fail it, and none at all. The report says how many requests were not sent.
  { [`wrong{kind:${kind}}`]: ['rate<=0.001'], [`answered{kind:${kind}}`]: ['count>0'], logged_out: ['count==0'] },
  { climb: 1 },
)

export const setup = prepared()

export const refresh = measured(() => own().refresh())

export const machine = measured(() => clientCredentials())

export const handleSummary = summary('capacity')
