// Everybody at once after an outage: each of SESSIONS sessions refreshes within STORM_S seconds, and tries again when it
// is told to come back. Nobody may be logged out, and everybody must be served within RECOVER_S seconds.
import exec from 'k6/execution'
import { Rate } from 'k6/metrics'
import { Chain, ready } from './world/chains.js'
import { draw, measured, prepared } from './world/measures.js'
import { session } from './world/people.js'
import { or, seconds, vus } from './world/settings.js'
import { course, options as run } from './world/shapes.js'
import { summary } from './report/summary.js'

const sessions = or('SESSIONS', ready() || 500)
const storm = seconds('STORM_S', 2)
const limit = seconds('RECOVER_S', 15)
const served = new Rate('served')
draw('refresh')

export const options = run(
  // One more second than the storm: k6 rounds the number of arrivals down.
  { storm: course('comeback', sessions / storm, [[storm + 1, sessions / storm]], vus(200), { startTime: '0s' }) },
  {
    'wrong{kind:refresh}': ['rate==0'],
    refusal_latency: [`p(99)<${or('REFUSED_MS', 250)}`],
    recovery: [`p(99)<${limit * 1000}`],
    served: ['rate==1'],
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
  served.add(chain.refreshPatiently(limit))
})

export const handleSummary = summary('refresh_storm')
