// Dead tokens in volume: stolen ones long since rotated, and forgeries, while honest sessions go on refreshing.
import exec from 'k6/execution'
import { own } from './world/chains.js'
import { PREPARATION, draw, measured, prepared } from './world/measures.js'
import { session } from './world/people.js'
import { or, rate, settings, vus } from './world/settings.js'
import { bounds, options as run, steady } from './world/shapes.js'
import { ask } from './world/token_endpoint.js'
import { summary } from './report/summary.js'

const stolen = or('DEAD', 50)
draw('refresh', 'dead')

export const options = run(
  {
    attack: steady('replay', rate(500), vus(50)),
    honest: steady('refresh', or('HONEST_RATE', 100), 20),
  },
  {
    ...bounds('refresh', or('P99_MS', 50)),
    ...bounds('dead', or('DEAD_P99_MS', 50), 0),
    logged_out: ['count==0'],
  },
)

const form = (token) => ({ grant_type: 'refresh_token', refresh_token: token })

// Two generations behind is dead whatever the leeway: the first replay ends the family, the others find nothing.
export const setup = prepared(() => ({
  dead: [...Array(stolen).keys()].map((nth) => {
    const first = session(settings.users - 1 - nth)
    let token = first
    for (let generation = 0; generation < 2; generation++) {
      const answer = ask(PREPARATION, settings.application, form(token))
      if (!answer.isOk) throw new Error(`a refresh was answered ${answer.status} ${answer.text}`)
      token = answer.json.refresh_token
    }
    return first
  }),
}))

export const replay = measured(({ dead }) => {
  const nth = exec.scenario.iterationInTest
  const token = dead[nth % dead.length]
  const presented = nth % 4 === 0 ? forged(token, nth) : token
  const expected = (answer) => answer.isDead
  ask('dead', settings.application, form(presented), { user: 100000 + (nth % 1000), expected })
})

/** The same length and alphabet, and no seal. */
function forged(token, nth) {
  const at = 8 + (nth % (token.length - 12))
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}

export const refresh = measured(() => own().refresh())

export const handleSummary = summary('replay_attack')
