// Half of capacity, then 150 % of it, then half again. What the server can do it must go on doing; the rest it refuses quickly;
// afterwards it is itself again within RECOVER_S. CAPACITY is what the scenario `capacity` or a closed run has shown, in
// requests per second; GRANT is client_credentials or refresh.
import { Counter } from 'k6/metrics'
import { own } from './world/chains.js'
import { draw, measured, prepared, progress } from './world/measures.js'
import { or, settings, vus } from './world/settings.js'
import { course, options as run } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const kind = __ENV.GRANT === 'refresh' ? 'refresh' : 'client_credentials'
const capacity = or('CAPACITY', 500)
const times = or('OVERLOAD_TIMES', 1.5)
const third = settings.duration / 3
const recovered = 2 / 3 + or('RECOVER_S', 2) / settings.duration
const answered = new Counter('answered')
draw(kind)

export const options = run(
  {
    load: course(
      kind === 'refresh' ? 'refresh' : 'machine',
      capacity / 2,
      [
        [third, capacity / 2],
        [0, capacity * times],
        [third, capacity * times],
        [0, capacity / 2],
        [third, capacity / 2],
      ],
      vus(200),
    ),
  },
  {
    'answered{phase:over}': [`count>=${Math.floor(capacity * third * or('GOODPUT', 0.9))}`],
    'latency{phase:before}': [`p(99)<${or('P99_MS', 50)}`],
    'latency{phase:after}': [`p(99)<${or('P99_MS', 50)}`],
    [`wrong{kind:${kind}}`]: ['rate<=0.001'],
    refusal_latency: [`p(99)<${or('REFUSED_MS', 50)}`],
    logged_out: ['count==0'],
  },
)

export const setup = prepared()

function phase() {
  const now = progress()
  return { phase: now < 1 / 3 ? 'before' : now < 2 / 3 ? 'over' : now < recovered ? 'recovering' : 'after' }
}

function count(ask) {
  const tags = phase()
  if (ask(tags).isOk) answered.add(1, tags)
}

export const refresh = measured(() => count((tags) => own().refresh('refresh', {}, { tags })))

export const machine = measured(() => count((tags) => clientCredentials({ tags })))

export const handleSummary = summary('overload')
