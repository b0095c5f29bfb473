// AuthHero as it would run in production on one machine: Hono on Node's server, SQLite in a file with a write-ahead log.
//
// It signs RS256 and does not rotate refresh tokens in this version. SESSIONS refresh tokens go to the file that TOKENS names.
import { writeFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import createAdapters, { migrateToLatest } from '@authhero/kysely-adapter'
import { init } from 'authhero'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'

const { PORT, DATABASE, SESSIONS = '0', TOKENS, MACHINE_ID, MACHINE_SECRET, CLIENT_ID, CLIENT_SECRET } = process.env
const issuer = `http://localhost:${PORT}/`
const audience = 'https://api.load.example/'
const tenant = 'load'

const database = new Database(DATABASE)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = NORMAL')
const kysely = new Kysely({ dialect: new SqliteDialect({ database }) })
await migrateToLatest(kysely, false)
const data = createAdapters(kysely)
const { oauthApp, createX509Certificate } = init({ dataAdapter: data })

await data.tenants.create({ id: tenant, name: 'Load', audience, sender_email: 'load@load.example', sender_name: 'Load' })
await data.keys.create(await createX509Certificate({ name: `CN=${tenant}` }))
for (const [id, client_secret] of [[MACHINE_ID, MACHINE_SECRET], [CLIENT_ID, CLIENT_SECRET]]) {
  await data.applications.create(tenant, {
    id,
    name: id,
    client_secret,
    callbacks: ['https://app.load.example/callback'],
    allowed_origins: [],
    web_origins: [],
    allowed_logout_urls: [],
    allowed_clients: [],
    addons: {},
    email_validation: 'disabled',
    disable_sign_ups: false,
  })
}

const device = Object.fromEntries(
  ['initial_user_agent', 'initial_ip', 'initial_asn', 'last_user_agent', 'last_ip', 'last_asn'].map((name) => [name, '']),
)

async function session(number) {
  const name = `user-${String(number).padStart(7, '0')}`
  const { user_id } = await data.users.create(tenant, {
    user_id: `auth2|${name}`,
    email: `${name}@load.example`,
    email_verified: true,
    name: `Person ${number}`,
    provider: 'auth2',
    connection: 'Username-Password-Authentication',
    is_social: false,
  })
  const soon = new Date(Date.now() + 30 * 86400 * 1000).toISOString()
  const login = await data.loginSessions.create(tenant, {
    authParams: { client_id: CLIENT_ID },
    expires_at: soon,
    csrf_token: name,
  })
  const opened = await data.sessions.create(tenant, {
    id: `session-${name}`,
    user_id,
    login_session_id: login.id,
    idle_expires_at: soon,
    device,
    clients: [CLIENT_ID],
  })
  const made = await data.refreshTokens.create(tenant, {
    id: `refresh-${name}-${Math.random().toString(36).slice(2)}`,
    session_id: opened.id,
    client_id: CLIENT_ID,
    user_id,
    idle_expires_at: soon,
    device,
    resource_servers: [{ audience, scopes: 'openid profile email offline_access' }],
    rotating: false,
  })
  return made.id
}

const tokens = []
for (let number = 0; number < Number(SESSIONS); number++) tokens.push(await session(number))
if (TOKENS) writeFileSync(TOKENS, tokens.map((token) => `${token}\n`).join(''))

const environment = {
  ISSUER: issuer,
  AUTH_URL: issuer,
  JWKS_URL: `${issuer}.well-known/jwks.json`,
  ENVIRONMENT: 'production',
  DEFAULT_TENANT_ID: tenant,
  data,
}
const fetch = (request) => oauthApp.fetch(request, { ...environment })
const server = serve({ fetch, port: Number(PORT), hostname: '127.0.0.1' })
server.keepAliveTimeout = 75000
