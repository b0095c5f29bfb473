// The people, machines and organizations that loadtests/tenant.py made, by number; nothing of them needs a list.
import { PREPARATION } from './measures.js'
import { ask } from './token_endpoint.js'
import { settings } from './settings.js'

const digits = (number, width) => String(number).padStart(width, '0')

export const email = (user) => `user-${digits(user % settings.users, 7)}@load.example`

/** The organization of that number, by id and by name. */
export function organization(number) {
  const four = digits(number % settings.organizations, 4)
  return { id: `org_load${four}`, name: `org-${four}` }
}

/** The organization that this person surely belongs to, and one that they surely do not. */
export const home = (user) => organization(user)
export const foreign = { id: 'org_loadnobody', name: 'org-nobody' }

/** A login by password; the answer holds a refresh token. */
export function logIn(user, { kind = 'password', client = settings.application, ...options } = {}) {
  const fields = {
    grant_type: 'password',
    username: email(user),
    password: settings.password,
    audience: settings.audience,
    scope: settings.scope,
  }
  return ask(kind, client, fields, { user, ...options })
}

/** A refresh token of a fresh session. A run that cannot prepare is stopped. */
export function session(user, client) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const answer = logIn(user, { kind: PREPARATION, client })
    if (answer.isOk && answer.json.refresh_token) return answer.json.refresh_token
    if (!answer.isRefused && !answer.isLost) {
      throw new Error(`user ${user} cannot log in: ${answer.status} ${answer.text}`)
    }
  }
  throw new Error(`user ${user} cannot log in: the server is too busy`)
}
