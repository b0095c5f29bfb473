// Many callers share one refresh token: within the leeway all must get the same successor, to the byte.
//
// `crowd`: every session presents its token CROWD times at once, to all engines, and goes on with what came back.
// `hot`: everybody presents one token of one session, whose successor was learnt before the run.
import exec from 'k6/execution'
import { Rate } from 'k6/metrics'
import { own } from './world/chains.js'
import { PREPARATION, draw, measured, prepared } from './world/measures.js'
import { session } from './world/people.js'
import { or, rate, settings, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { ask, askTogether, request } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const crowd = or('CROWD', 10)
const perSecond = rate(200)
const crowds = Math.max(1, perSecond / 2 / crowd)
const differed = new Rate('successor_differed')
draw('crowd', 'hot')

export const options = run(
  {
    crowd: steady('together', crowds, vus(20)),
    hot: steady('shared', perSecond / 2, vus(20)),
  },
  {
    ...bounds('crowd', or('P99_MS', 100)),
    ...bounds('hot', or('P99_MS', 100)),
    successor_differed: ['rate==0'],
    logged_out: ['count==0'],
  },
)

const form = (token) => ({ grant_type: 'refresh_token', refresh_token: token })

export const setup = prepared(() => {
  const token = session(0, settings.patient)
  const successor = ask(PREPARATION, settings.patient, form(token)).json.refresh_token
  if (!successor || successor === token) throw new Error('the server does not rotate refresh tokens')
  return { token, successor }
})

export const together = measured(() => {
  const chain = own()
  const at = (nth) => settings.bases[nth % settings.bases.length]
  const requests = [...Array(crowd).keys()].map((nth) =>
    request(chain.client, form(chain.token), { at: at(nth), user: chain.user }),
  )
  const answers = askTogether('crowd', requests)
  const successors = new Set(answers.filter((answer) => answer.isOk).map((answer) => answer.json.refresh_token))
  differed.add(successors.size > 1)
  if (answers.some((answer) => answer.isDead)) chain.lose()
  else if (successors.size > 0) chain.token = [...successors][0]
})

export const shared = measured(({ token, successor }) => {
  const answer = ask('hot', settings.patient, form(token), { user: exec.vu.idInTest })
  if (answer.isOk) differed.add(answer.json.refresh_token !== successor)
})

export const handleSummary = summary('refresh_contention')
