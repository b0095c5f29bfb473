// One tenant floods in the middle third of the run; another's latency must hold. FLOOD=password floods with logins.
import exec from 'k6/execution'
import { draw, measured, prepared, progress } from './world/measures.js'
import { choice, or, rate, settings, vus } from './world/settings.js'
import { course, options as run, steady } from './world/shapes.js'
import { logIn } from './world/people.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const quietRate = rate(100)
const logins = choice('FLOOD', ['client_credentials', 'password']) === 'password'
const floodRate = or('FLOOD_RATE', logins ? quietRate : quietRate * 10)
const third = settings.duration / 3
const calm = or('P99_MS', 50)
draw('quiet', 'flood')

export const options = run(
  {
    quiet: steady('quiet', quietRate, vus(20)),
    // Nothing, then the flood, then nothing: a scenario of its own that starts late.
    flood: course('flood', floodRate, [[third, floodRate]], or('FLOOD_VUS', 50), { startTime: `${settings.warmup + third}s` }),
  },
  {
    'latency{kind:quiet,phase:before}': [`p(99)<${calm}`],
    'latency{kind:quiet,phase:during}': [`p(99)<${or('NOISY_P99_MS', calm * 2)}`],
    'latency{kind:quiet,phase:after}': [`p(99)<${calm}`],
    'wrong{kind:quiet}': ['rate<=0.001'],
    // What is turned away as wrong costs nothing to answer: that would be no flood.
    'wrong{kind:flood}': ['rate<=0.001'],
    'refused{kind:quiet}': [`count<=${or('REFUSED_MAX', 0)}`],
  },
  // A flood that its virtual users cannot carry whole is one all the same.
  { flood: 0.2 },
)

export const setup = prepared()

const phase = () => (progress() < 1 / 3 ? 'before' : progress() < 2 / 3 ? 'during' : 'after')

export const quiet = measured(() => clientCredentials({ kind: 'quiet', tags: { phase: phase() } }))

// The neighbour has one person, who asks from everywhere.
const from = () => exec.scenario.iterationInTest * settings.users

export const flood = measured(() => {
  const asked = { kind: 'flood', tenant: settings.neighbour }
  return logins ? logIn(from(), asked) : clientCredentials(asked)
})

export const handleSummary = summary('noisy_neighbour')
