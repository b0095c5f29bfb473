// A Redis primary is killed in mid-run (by loadtests/run.sh, or by hand). Sessions keep trying, as SDKs do: nobody is
// logged out, and everybody has new tokens again within RECOVER_S seconds.
import { Rate } from 'k6/metrics'
import { own } from './world/chains.js'
import { draw, measured, prepared } from './world/measures.js'
import { rate, seconds, vus } from './world/settings.js'
import { options as run, steady } from './world/shapes.js'
import { clientCredentials } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const perSecond = rate(100)
const limit = seconds('RECOVER_S', 15)
const served = new Rate('served')
draw('refresh', 'client_credentials')

export const options = run(
  {
    sessions: steady('refresh', perSecond, vus(400), { gracefulStop: `${limit}s` }),
    machines: steady('machine', perSecond / 2, 20),
  },
  {
    logged_out: ['count==0'],
    served: ['rate==1'],
    recovery: [`max<${limit * 1000}`],
    'wrong{kind:refresh}': ['rate==0'],
    // Machines need no store: they must not notice.
    'wrong{kind:client_credentials}': ['rate==0'],
    'refused{kind:client_credentials}': ['count==0'],
  },
  // Whoever waits for a new primary keeps its virtual user, and there are not more of them than sessions: for some seconds everybody
  // may be waiting.
  { sessions: 0.1 },
)

export const setup = prepared()

export const refresh = measured(() => served.add(own().refreshPatiently(limit)))

export const machine = measured(() => clientCredentials())

export const handleSummary = summary('failover')
