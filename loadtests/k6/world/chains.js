// Chains of refresh tokens: each virtual user owns some, and presents what the answer before gave.
import exec from 'k6/execution'
import { SharedArray } from 'k6/data'
import { sleep } from 'k6'
import { loggedOut, recovery } from './measures.js'
import { session } from './people.js'
import { settings } from './settings.js'
import { ask } from './token_endpoint.js'

const stock = new SharedArray('tokens', () =>
  settings.tokens ? open(settings.tokens).split('\n').filter(Boolean) : [],
)

/** How many sessions stand ready in the file that TOKENS names. */
export const ready = () => stock.length

/** One session's refresh tokens. */
export class Chain {
  constructor(user, token, client = settings.application) {
    this.user = user
    this.token = token
    this.client = client
  }

  /** The session of that number: from the stock, or by a login. */
  static of(number, client = settings.application) {
    return new Chain(number, stock[number] || session(number, client), client)
  }

  /** Presents the newest token once. Nothing else knows it, so to be told it is dead is to be logged out. */
  refresh(kind = 'refresh', fields = {}, options = {}) {
    const form = { grant_type: 'refresh_token', refresh_token: this.token, ...fields }
    const answer = ask(kind, this.client, form, { user: this.user, ...options })
    if (answer.isOk) this.token = answer.json.refresh_token || this.token
    else if (answer.isDead && !options.expected) this.lose()
    return answer
  }

  /** Presents the same token until it is answered, as an SDK does; gives up after `limit` seconds. */
  refreshPatiently(limit, kind = 'refresh') {
    const began = Date.now()
    for (let attempt = 0; ; attempt++) {
      const expected = (answer) => answer.isOk || answer.isLost
      const answer = this.refresh(kind, {}, { expected })
      if (answer.isOk) {
        recovery.add(Date.now() - began)
        return true
      }
      if (!answer.isLost && !answer.isRefused) {
        if (answer.isDead) this.lose()
        return false
      }
      if (Date.now() - began > limit * 1000) return false
      // A little longer each time, and never all at the same moment.
      sleep(Math.max(answer.retryAfter, Math.min(2, 0.05 * 2 ** attempt)) * (0.5 + Math.random() / 2))
    }
  }

  lose() {
    loggedOut.add(1)
    this.token = session(this.user, this.client)
  }
}

let mine
let turn = 0

/** The next of the chains that this virtual user owns. */
export function own() {
  if (!mine) mine = deal()
  turn = (turn + 1) % mine.length
  return mine[turn]
}

/** The stock dealt out like cards; a virtual user that gets none logs in once. */
function deal() {
  const all = players()
  const first = (exec.vu.idInTest - 1) % all
  const chains = []
  for (let number = first; number < stock.length; number += all) chains.push(Chain.of(number))
  return chains.length > 0 ? chains : [Chain.of(first)]
}

const players = () =>
  Object.values(exec.test.options.scenarios).reduce((sum, one) => sum + (one.maxVUs || one.vus || 1), 0)
