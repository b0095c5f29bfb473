// People switch between their organizations as they refresh: by id, by name, back to none, and to one they are not in.
import { Rate } from 'k6/metrics'
import exec from 'k6/execution'
import encoding from 'k6/encoding'
import { own } from './world/chains.js'
import { draw, measured, prepared } from './world/measures.js'
import { foreign, home } from './world/people.js'
import { or, rate, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { summary } from './report/summary.js'

const wrongOrganization = new Rate('wrong_organization')
draw('refresh', 'switch')

export const options = run(
  { people: steady('wander', rate(500), vus(50)) },
  {
    ...bounds('switch', or('P99_MS', 50)),
    ...bounds('refresh', or('P99_MS', 50)),
    ...bounds('foreign', or('P99_MS', 50)),
    wrong_organization: ['rate==0'],
    logged_out: ['count==0'],
  },
)

export const setup = prepared()

/** One in twenty tries an organization of others, half of the rest switch: what is compared is asked equally often. */
export const wander = measured(() => {
  const chain = own()
  const nth = exec.vu.iterationInScenario
  const { id, name } = home(chain.user)
  if (exec.scenario.iterationInTest % 20 === 19) {
    // Refused, and nothing is consumed: the chain goes on with the same token.
    const expected = (answer) => answer.status === 400 || answer.status === 403
    chain.refresh('foreign', { organization: foreign.id }, { expected })
  } else if (nth % 2 === 0) {
    told(chain.refresh('refresh'), undefined)
  } else {
    told(chain.refresh('switch', { organization: nth % 4 === 1 ? id : name }), id)
  }
})

function told(answer, organization) {
  if (answer.isOk) wrongOrganization.add(claims(answer.json.access_token).org_id !== organization)
}

const claims = (jwt) => JSON.parse(encoding.b64decode(jwt.split('.')[1], 'rawurl', 's'))

export const handleSummary = summary('organization_switch')
