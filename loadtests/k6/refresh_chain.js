// Every session refreshes over and over, each with the token that it got last.
import { own } from './world/chains.js'
import { draw, measured, prepared } from './world/measures.js'
import { or, rate, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { summary } from './report/summary.js'

draw('refresh')

export const options = run(
  { sessions: steady('refresh', rate(500), vus(50)) },
  { ...bounds('refresh', or('P99_MS', 50)), logged_out: ['count==0'] },
)

export const setup = prepared()

export const refresh = measured(() => own().refresh())

export const handleSummary = summary('refresh_chain')
