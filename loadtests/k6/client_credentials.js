// Machines ask for tokens in their own name, at a steady rate.
import { draw, measured, prepared } from './world/measures.js'
import { or, rate, settings, vus } from './world/settings.js'
import { bounds, keptUp, options as run, steady } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const perSecond = rate(500)
draw('client_credentials')

export const options = run(
  { machines: steady('machine', perSecond, vus(50)) },
  { ...bounds('client_credentials', or('P99_MS', 50)), ...keptUp(perSecond * settings.duration) },
)

export const setup = prepared()

export const machine = measured(() => clientCredentials())

export const handleSummary = summary('client_credentials')
