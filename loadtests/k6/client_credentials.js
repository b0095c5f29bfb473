// Machines ask for tokens in their own name, at a steady rate; with ACROSS_TENANTS, of so many tenants in turn.
import exec from 'k6/execution'
import { draw, measured, prepared } from './world/measures.js'
import { or, rate, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

draw('client_credentials')

export const options = run(
  { machines: steady('machine', rate(500), vus(50)) },
  bounds('client_credentials', or('P99_MS', 50)),
)

export const setup = prepared()

const tenants = or('ACROSS_TENANTS', 0)

/** The tenant whose turn it is; none is the host's own. */
function tenant() {
  const nth = tenants > 1 ? exec.scenario.iterationInTest % tenants : 0
  return nth === 0 ? undefined : `load-${String(nth + 1).padStart(4, '0')}`
}

export const machine = measured(() => clientCredentials({ tenant: tenant() }))

export const handleSummary = summary('client_credentials')
