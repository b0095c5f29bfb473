// People log in, by password and through the pages, while machines go on asking for tokens.
import exec from 'k6/execution'
import { Browser } from './world/browser.js'
import { draw, measured, prepared } from './world/measures.js'
import { logIn } from './world/people.js'
import { or, settings, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const logins = or('LOGINS', 10)
const machines = or('MACHINE_RATE', 100)
const loginP99 = or('LOGIN_P99_MS', 1500)
// Refused requests (503 with Retry-After) are the gate at work; how many are too many is for whoever sets the rate to say.
const refusedMost = or('REFUSED_MAX', Math.ceil(logins * settings.duration * 0.01))
draw('password', 'login', 'client_credentials')

export const options = run(
  {
    passwords: steady('password', logins / 2, vus(20)),
    pages: steady('pages', logins / 2, vus(20)),
    machines: steady('machine', machines, 20),
  },
  {
    ...bounds('password', loginP99),
    ...bounds('login', loginP99),
    ...bounds('code', loginP99),
    ...bounds('client_credentials', or('P99_MS', 100)),
    refused: [`count<=${refusedMost}`],
  },
)

export const setup = prepared()

// The two ways in take different people, so that none is counted for the other's tries.
const person = () => exec.scenario.iterationInTest * 2

export const password = measured(() => logIn(person()))

export const pages = measured(() => new Browser(person() + 1).logIn())

export const machine = measured(() => clientCredentials())

export const handleSummary = summary('login_mix')
