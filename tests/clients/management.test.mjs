// The stock auth0 ManagementClient, over TLS: makes what a tenant needs, gets tokens for it, takes them away.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { ManagementClient } from 'auth0'
import { tls } from './demo.mjs'

const connection = 'Username-Password-Authentication'
const password = 'Correct-Horse-1'
const management = new ManagementClient({
  domain: tls.domain,
  clientId: tls.administrator.id,
  clientSecret: tls.administrator.secret,
})

async function token(form) {
  const answer = await fetch(`https://${tls.domain}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(form),
  })
  return { status: answer.status, ...(await answer.json()) }
}

async function all(page) {
  const items = []
  for await (const item of await page) items.push(item)
  return items
}

const refresh = (client, refresh_token, more = {}) =>
  token({ grant_type: 'refresh_token', client_id: client, refresh_token, ...more })

// Made anew for every run: the store may be one that was used before.
const mark = Math.random().toString(36).slice(2, 10)
const audience = `https://things-${mark}.test/`
const email = `ann-${mark}@example.test`

async function makeTenant() {
  const api = await management.resourceServers.create({
    name: 'Things',
    identifier: audience,
    scopes: [{ value: 'read:things', description: 'Read things' }],
    allow_offline_access: true,
    enforce_policies: true,
    token_dialect: 'access_token_authz',
  })
  const machine = await management.clients.create({ name: 'Machine', app_type: 'non_interactive' })
  const grant = await management.clientGrants.create({
    client_id: machine.client_id,
    audience,
    scope: ['read:things'],
  })
  const app = await management.clients.create({
    name: 'App',
    app_type: 'native',
    grant_types: ['password', 'refresh_token', 'authorization_code'],
    initiate_login_uri: 'https://app.test/login',
    refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring', leeway: 0 },
  })
  const user = await management.users.create({ connection, email, password, name: 'Ann Example' })
  const role = await management.roles.create({ name: `reader-${mark}`, description: 'Reads' })
  await management.roles.permissions.add(role.id, {
    permissions: [{ resource_server_identifier: audience, permission_name: 'read:things' }],
  })
  const organization = await management.organizations.create({ name: `acme-${mark}`, display_name: 'Acme' })
  await management.organizations.members.create(organization.id, { members: [user.user_id] })
  await management.organizations.members.roles.assign(organization.id, user.user_id, { roles: [role.id] })
  return { api, machine, grant, app, user, role, organization }
}

const made = await makeTenant()
const login = (more = {}) =>
  token({
    grant_type: 'password',
    client_id: made.app.client_id,
    username: email,
    password,
    audience,
    scope: 'openid offline_access read:things',
    organization: made.organization.name,
    ...more,
  })

test('what was made is found, alone and in lists', async () => {
  assert.equal((await management.clients.get(made.app.client_id)).name, 'App')
  assert.equal((await management.resourceServers.get(made.api.id)).identifier, audience)
  assert.equal((await management.users.listUsersByEmail({ email }))[0].user_id, made.user.user_id)
  assert.equal((await management.organizations.getByName(made.organization.name)).id, made.organization.id)
  const ids = (items, name) => items.map((item) => item[name])
  assert.ok(ids(await all(management.clients.list({ per_page: 1 })), 'client_id').includes(made.machine.client_id))
  assert.ok(ids(await all(management.clientGrants.list({ take: 1 })), 'id').includes(made.grant.id))
  assert.ok(ids(await all(management.organizations.list({ take: 1 })), 'id').includes(made.organization.id))
  assert.deepEqual(ids(await all(management.users.list({ q: `email:"${email}"` })), 'email'), [email])
  const members = await all(management.organizations.members.list(made.organization.id))
  assert.deepEqual(ids(members, 'user_id'), [made.user.user_id])
  const roles = await all(management.organizations.members.roles.list(made.organization.id, made.user.user_id))
  assert.deepEqual(ids(roles, 'id'), [made.role.id])
})

test('a machine gets a token until its secret is rotated', async () => {
  const ask = (client_secret) =>
    token({ grant_type: 'client_credentials', client_id: made.machine.client_id, client_secret, audience })
  const answer = await ask(made.machine.client_secret)
  assert.equal(answer.status, 200)
  const rotated = await management.clients.rotateSecret(made.machine.client_id)
  assert.equal((await ask(made.machine.client_secret)).status, 401)
  assert.equal((await ask(rotated.client_secret)).status, 200)
})

test('a removed member and a blocked user cannot refresh', async () => {
  const tokens = await login()
  assert.equal(tokens.status, 200)
  let { refresh_token } = await refresh(made.app.client_id, tokens.refresh_token)
  await management.organizations.members.delete(made.organization.id, { members: [made.user.user_id] })
  assert.equal((await refresh(made.app.client_id, refresh_token)).status, 403)
  await management.organizations.members.create(made.organization.id, { members: [made.user.user_id] })
  ;({ refresh_token } = await refresh(made.app.client_id, refresh_token))
  await management.users.update(made.user.user_id, { blocked: true })
  assert.equal((await refresh(made.app.client_id, refresh_token)).status, 400)
  await management.users.update(made.user.user_id, { blocked: false })
  assert.equal((await refresh(made.app.client_id, refresh_token)).status, 400)
  assert.equal((await login()).status, 200)
})

test('an ended session takes its refresh tokens along', async () => {
  const { refresh_token } = await login()
  const sessions = await all(management.users.sessions.list(made.user.user_id))
  assert.ok(sessions.length > 0)
  for (const session of sessions) await management.sessions.revoke(session.id)
  assert.equal((await refresh(made.app.client_id, refresh_token)).status, 400)
})

test('users are searched and sorted', async () => {
  const found = async (q, sort) =>
    (await all(management.users.list({ q, sort, per_page: 10 }))).map((user) => user.user_id)
  assert.deepEqual(await found(`email:${email.slice(0, 10)}*`), [made.user.user_id])
  assert.ok((await found('name:"Ann Example"', 'created_at:-1')).includes(made.user.user_id))
  assert.deepEqual(await found(`email:"${email}" AND created_at:[* TO 2001-01-01]`), [])
  assert.deepEqual((await all(management.roles.users.list(made.role.id))).length, 0)
  await assert.rejects(found('logins_count:1'), (error) => error.statusCode === 400)
})

test('connections are enabled for an organization', async () => {
  const { enabledConnections } = management.organizations
  const [database] = await all(management.connections.list({ name: connection }))
  const ids = async () =>
    (await all(enabledConnections.list(made.organization.id))).map((own) => own.connection_id)
  const added = await enabledConnections.add(made.organization.id, { connection_id: database.id })
  assert.deepEqual([added.connection.name, added.show_as_button], [connection, true])
  assert.deepEqual(await ids(), [database.id])
  await enabledConnections.update(made.organization.id, database.id, { assign_membership_on_login: true })
  const own = await enabledConnections.get(made.organization.id, database.id)
  assert.equal(own.assign_membership_on_login, true)
  await enabledConnections.delete(made.organization.id, database.id)
  assert.deepEqual(await ids(), [])
})

test('somebody is invited to an organization', async () => {
  const { invitations } = management.organizations
  const invited = await invitations.create(made.organization.id, {
    inviter: { name: 'Ann' },
    invitee: { email: `bob-${mark}@example.test` },
    client_id: made.app.client_id,
    roles: [made.role.id],
    ttl_sec: 3600,
    send_invitation_email: false,
  })
  const url = new URL(invited.invitation_url)
  assert.equal(url.origin + url.pathname, 'https://app.test/login')
  assert.equal(url.searchParams.get('organization_name'), made.organization.name)
  assert.equal(url.searchParams.get('invitation'), invited.ticket_id)
  assert.equal((await invitations.get(made.organization.id, invited.id)).invitee.email, `bob-${mark}@example.test`)
  const listed = await all(invitations.list(made.organization.id))
  assert.deepEqual(listed.map((own) => own.id), [invited.id])
  await invitations.delete(made.organization.id, invited.id)
  await assert.rejects(invitations.get(made.organization.id, invited.id), (error) => error.statusCode === 404)
})

test('refresh tokens say whose they are', async () => {
  await login()
  const tokens = await all(management.users.refreshToken.list(made.user.user_id))
  const [own] = tokens.filter((token) => token.client_id === made.app.client_id)
  assert.deepEqual([own.user_id, own.rotating], [made.user.user_id, true])
  assert.ok(new Date(own.idle_expires_at) > new Date() && new Date(own.expires_at) > new Date())
  assert.equal((await management.refreshTokens.get(own.id)).session_id, own.session_id)
  await management.refreshTokens.delete(own.id)
  await assert.rejects(management.refreshTokens.get(own.id), (error) => error.statusCode === 404)
})

test('keys, settings, connections and logs', async () => {
  const before = await management.keys.signing.list()
  assert.ok(before.some((key) => key.current))
  const rotated = await management.keys.signing.rotate()
  assert.ok(!before.some((key) => key.kid === rotated.kid && key.current))
  assert.equal(typeof (await management.tenants.settings.get()).session_lifetime, 'number')
  const [database] = await all(management.connections.list({ name: connection }))
  assert.equal((await management.connections.get(database.id)).strategy, 'auth0')
  const logs = await all(management.logs.list({ per_page: 20 }))
  assert.ok(logs.some((event) => event.type === 'sapi'))
})

test('statistics and custom domains', async () => {
  assert.equal((await login()).status, 200)
  const until = async (good) => {
    for (let tries = 0; tries < 100; tries++) {
      if (await good()) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.fail('the statistics never say so')
  }
  await until(async () => (await management.stats.getActiveUsersCount()) > 0)
  await until(async () => (await management.stats.getDaily()).some((day) => day.logins > 0))
  const claimed = await management.customDomains.create({ domain: `${mark}.example.test`, type: 'self_managed_certs' })
  assert.equal(claimed.status, 'pending_verification')
  assert.equal(claimed.verification.methods[0].name, 'txt')
  const got = await management.customDomains.get(claimed.custom_domain_id)
  assert.equal(got.domain, claimed.domain)
  const listed = await management.customDomains.list()
  assert.ok(listed.some((domain) => domain.custom_domain_id === claimed.custom_domain_id))
  await management.customDomains.delete(claimed.custom_domain_id)
  await assert.rejects(management.customDomains.get(claimed.custom_domain_id), (error) => error.statusCode === 404)
})

test('users are imported from a file, and log in with the password behind their hash', async () => {
  const [database] = await all(management.connections.list({ name: connection }))
  const newcomer = `imported-${mark}@example.test`
  const hash = createHash('sha256').update(`pepper${password}`).digest('base64')
  const users = [
    {
      email: newcomer,
      custom_password_hash: {
        algorithm: 'sha256',
        hash: { value: hash, encoding: 'base64' },
        salt: { value: 'pepper', position: 'prefix' },
      },
    },
    { email },
  ]
  const order = {
    users: { data: Buffer.from(JSON.stringify(users)), filename: 'users.json', contentType: 'application/json' },
    connection_id: database.id,
    upsert: false,
    send_completion_email: false,
  }
  const { id } = await management.jobs.usersImports.create(order)
  let job
  do {
    await new Promise((resolve) => setTimeout(resolve, 50))
    job = await management.jobs.get(id)
  } while (job.status === 'pending' || job.status === 'processing')
  assert.equal(job.status, 'completed')
  assert.deepEqual(job.summary, { failed: 1, updated: 0, inserted: 1, total: 2 })
  const [refused] = await management.jobs.errors.get(id)
  assert.equal(refused.user.email, email)
  assert.equal(refused.errors[0].path, 'email')
  assert.equal((await login({ username: newcomer, organization: undefined })).status, 200)
  const [imported] = await management.users.listUsersByEmail({ email: newcomer })
  await management.users.delete(imported.user_id)
})

test('what is wrong is told as Auth0 tells it', async () => {
  const status = (statusCode) => (error) => error.statusCode === statusCode
  await assert.rejects(management.clients.get('nothing'), status(404))
  await assert.rejects(management.users.create({ connection, email, password }), status(409))
  await assert.rejects(management.clients.create({ name: 'C', colour: 'red' }), status(400))
})

test('what was made is deleted', async () => {
  await management.users.delete(made.user.user_id)
  await management.organizations.delete(made.organization.id)
  await management.roles.delete(made.role.id)
  await management.clientGrants.delete(made.grant.id)
  await management.clients.delete(made.machine.client_id)
  await management.clients.delete(made.app.client_id)
  await management.resourceServers.delete(made.api.id)
  await assert.rejects(management.resourceServers.get(made.api.id), (error) => error.statusCode === 404)
})
