// Renders a whole run: k6 run -e RUN=/path/run.json -e PAGE=/path/run.html report/render.js. Asks no server.
import { page } from './page.js'

const run = JSON.parse(open(__ENV.RUN))

export const options = { vus: 1, iterations: 1 }

export default function () {}

export const handleSummary = () => ({ [__ENV.PAGE]: page(run) })
