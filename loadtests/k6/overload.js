// Half of capacity, then 150 % of it, then half again. What the server can do it must go on doing; the rest it refuses quickly;
// afterwards it is itself again within RECOVER_S. CAPACITY is what the scenario `capacity` or a closed run has shown, in
// requests per second; GRANT is client_credentials or refresh.
import { own } from './world/chains.js'
import { draw, measured, prepared, progress } from './world/measures.js'
import { choice, or, settings, vus } from './world/settings.js'
import { course, options as run, recovered } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const kind = choice('GRANT', ['client_credentials', 'refresh'])
const capacity = or('CAPACITY', 500)
const times = or('OVERLOAD_TIMES', 1.5)
const third = settings.duration / 3
const calm = recovered(or('RECOVER_S', 2))
draw(kind)

/** Of the load that comes within `seconds`, so much must be answered: not refused, not wrong, and not left unsent. */
const served = (perSecond, seconds) => [`count>=${Math.floor(perSecond * seconds * or('GOODPUT', 0.9))}`]

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
    'answered{phase:before}': served(capacity / 2, third),
    'answered{phase:over}': served(capacity, third),
    'answered{phase:after}': served(capacity / 2, (1 - calm) * settings.duration),
    'latency{phase:before}': [`p(99)<${or('P99_MS', 50)}`],
    'latency{phase:after}': [`p(99)<${or('P99_MS', 50)}`],
    [`wrong{kind:${kind}}`]: ['rate<=0.001'],
    refusal_latency: [`p(99)<${or('REFUSED_MS', 50)}`],
    logged_out: ['count==0'],
  },
  // More than the server can do keeps all virtual users waiting: that some arrivals find none is the overload itself. What is left
  // unsent before and after it is missed above.
  { load: 1 },
)

export const setup = prepared()

function phase() {
  const now = progress()
  return { phase: now < 1 / 3 ? 'before' : now < 2 / 3 ? 'over' : now < calm ? 'recovering' : 'after' }
}

export const refresh = measured(() => own().refresh('refresh', {}, { tags: phase() }))

export const machine = measured(() => clientCredentials({ tags: phase() }))

export const handleSummary = summary('overload')
