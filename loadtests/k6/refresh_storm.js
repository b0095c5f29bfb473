// Everybody at once after an outage: each of SESSIONS sessions refreshes within STORM_S seconds, and tries again when it
// is told to come back. Nobody may be logged out, and everybody must be served within RECOVER_S seconds. Until WARMUP has passed
// nobody comes: the sessions have one refresh each.
import exec from 'k6/execution'
import { Counter, Rate } from 'k6/metrics'
import { Chain, ready } from './world/chains.js'
import { draw, measured, prepared } from './world/measures.js'
import { session } from './world/people.js'
import { or, seconds, settings, vus } from './world/settings.js'
import { course, options as run } from './world/shapes.js'
import { summary } from './report/summary.js'

const sessions = or('SESSIONS', ready() || 500)
const storm = seconds('STORM_S', 2)
const limit = seconds('RECOVER_S', 15)
// The share of those who came, and how many they were: who never came has not been served either.
const served = new Rate('served')
const back = new Counter('sessions_back')
draw('refresh')

export const options = run(
  {
    // One more second than the storm: k6 rounds the number of arrivals down.
    storm: course('comeback', sessions / storm, [[storm + 1, sessions / storm]], vus(200), {
      startTime: `${settings.warmup}s`,
      gracefulStop: `${limit}s`,
    }),
  },
  {
    'wrong{kind:refresh}': ['rate==0'],
    refusal_latency: [`p(99)<${or('REFUSED_MS', 250)}`],
    recovery: [`p(99)<${limit * 1000}`],
    served: ['rate==1'],
    sessions_back: [`count>=${sessions}`],
    logged_out: ['count==0'],
  },
)

// Without a file of sessions these log in before the storm.
export const setup = prepared(() => ({
  tokens: ready() ? [] : [...Array(sessions).keys()].map((user) => session(user)),
}))

export const comeback = measured(({ tokens }) => {
  const number = exec.scenario.iterationInTest
  if (number >= sessions) return
  const chain = tokens[number] ? new Chain(number, tokens[number]) : Chain.of(number)
  const isServed = chain.refreshPatiently(limit)
  served.add(isServed)
  if (isServed) back.add(1)
})

export const handleSummary = summary('refresh_storm')
