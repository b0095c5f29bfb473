// node-oidc-provider as it would run in production, with the quickest store that it could have: maps in its own memory.
//
// EdDSA like Jeton's defaults, JWT access tokens, rotation on. SESSIONS refresh tokens go to the file that TOKENS names.
import { writeFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'

const { PORT, SESSIONS = '0', TOKENS, MACHINE_ID, MACHINE_SECRET, CLIENT_ID, CLIENT_SECRET } = process.env
const issuer = `http://localhost:${PORT}`
const audience = 'https://api.load.example/'

/** The store: what has expired is not found, and swept away once a minute. */
class Memory {
  static #kept = new Map()
  static #grants = new Map()
  #kind

  constructor(kind) {
    this.#kind = kind
  }

  static sweep() {
    const now = Date.now()
    for (const [key, { until }] of Memory.#kept) if (until < now) Memory.#kept.delete(key)
  }

  async upsert(id, payload, expiresIn) {
    const until = expiresIn ? Date.now() + expiresIn * 1000 : Infinity
    Memory.#kept.set(this.#key(id), { payload, until })
    if (payload.grantId) {
      const members = Memory.#grants.get(payload.grantId) ?? new Set()
      Memory.#grants.set(payload.grantId, members.add(this.#key(id)))
    }
  }

  async find(id) {
    const found = Memory.#kept.get(this.#key(id))
    return found && found.until > Date.now() ? found.payload : undefined
  }

  async findByUid() {}
  async findByUserCode() {}

  async consume(id) {
    const found = Memory.#kept.get(this.#key(id))
    if (found) found.payload.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id) {
    Memory.#kept.delete(this.#key(id))
  }

  async revokeByGrantId(grantId) {
    for (const key of Memory.#grants.get(grantId) ?? []) Memory.#kept.delete(key)
    Memory.#grants.delete(grantId)
  }

  #key(id) {
    return `${this.#kind}:${id}`
  }
}

const application = {
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://app.load.example/callback'],
  id_token_signed_response_alg: 'EdDSA',
}
const machine = {
  client_id: MACHINE_ID,
  client_secret: MACHINE_SECRET,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
}
const resource = {
  scope: 'read:things',
  audience,
  accessTokenTTL: 3600,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'EdDSA' } },
}
const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })

const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [application, machine],
  clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
  jwks: { keys: [{ ...key, alg: 'EdDSA', use: 'sig' }] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'read:things'],
  claims: { email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  rotateRefreshToken: true,
  ttl: { RefreshToken: 1296000, Grant: 2592000, AccessToken: 3600, IdToken: 36000, ClientCredentials: 3600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => resource,
      useGrantedResource: () => true,
    },
  },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, email: `${sub}@load.example`, email_verified: true, name: `Person ${sub}` }),
  }),
})

async function session(number) {
  const accountId = `user-${number}`
  const grant = new provider.Grant({ accountId, clientId: CLIENT_ID })
  grant.addOIDCScope('openid offline_access profile email')
  grant.addResourceScope(audience, 'read:things')
  const grantId = await grant.save()
  const client = await provider.Client.find(CLIENT_ID)
  const facts = { accountId, client, grantId, gty: 'authorization_code', resource: audience }
  const scope = 'openid offline_access profile email read:things'
  return new provider.RefreshToken({ ...facts, scope, authTime: Math.floor(Date.now() / 1000) }).save()
}

const tokens = await Promise.all([...Array(Number(SESSIONS)).keys()].map(session))
if (TOKENS) writeFileSync(TOKENS, tokens.map((token) => `${token}\n`).join(''))

setInterval(Memory.sweep, 60000).unref()
const server = provider.listen(Number(PORT), '127.0.0.1')
server.keepAliveTimeout = 75000
