// openid-client finds us by discovery, asks for tokens and checks the ID token against our keys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as openid from 'openid-client'
import { demo } from './demo.mjs'

async function discover({ id, secret, method }) {
  const authentication =
    method === 'client_secret_basic' ? openid.ClientSecretBasic(secret) : openid.ClientSecretPost(secret)
  const config = await openid.discovery(new URL(demo.issuer), id, undefined, authentication, {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
  })
  assert.equal(config.serverMetadata().issuer, demo.issuer)
  return config
}

test('client credentials', async () => {
  const config = await discover(demo.machine)
  const tokens = await openid.clientCredentialsGrant(config, { audience: demo.eddsaAudience })
  assert.equal(tokens.token_type, 'bearer')
  assert.ok(tokens.expires_in > 0)
})

test('a wrong secret is invalid_client', async () => {
  const config = await discover({ ...demo.machine, secret: 'wrong' })
  await assert.rejects(
    openid.clientCredentialsGrant(config, { audience: demo.eddsaAudience }),
    { error: 'invalid_client', status: 401 },
  )
})

test('password, then refresh after refresh, with an ID token each', async () => {
  const config = await discover(demo.application)
  let tokens = await openid.genericGrantRequest(config, 'password', {
    username: demo.user.name,
    password: demo.user.password,
    audience: demo.eddsaAudience,
    scope: 'openid profile email offline_access',
  })
  const subject = tokens.claims().sub
  for (let turn = 0; turn < 3; turn += 1) {
    const before = tokens.refresh_token
    tokens = await openid.refreshTokenGrant(config, before)
    assert.notEqual(tokens.refresh_token, before)
    assert.equal(tokens.claims().sub, subject)
  }
  const person = await openid.fetchUserInfo(config, tokens.access_token, subject)
  assert.equal(person.sub, subject)
})

test('a refresh for an organization, by name', async () => {
  const config = await discover(demo.application)
  const login = await openid.genericGrantRequest(config, 'password', {
    username: demo.user.name,
    password: demo.user.password,
    audience: demo.eddsaAudience,
    scope: 'openid offline_access',
  })
  const parameters = { organization: demo.organization.name }
  const tokens = await openid.refreshTokenGrant(config, login.refresh_token, parameters)
  assert.match(tokens.claims().org_id, /^org_/)
})
