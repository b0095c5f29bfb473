// Every page in a real browser: by day and by night, on a phone and on a desk, with script and without, by keyboard
// alone; held to axe's rules, to its own policy, and photographed.
//
// JETON_PICTURES: where the pictures go. JETON_GALLERY: the pictures that are kept, which must be of the same pages.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { app, complaints, open } from './chromium.mjs'
import { authorize, issuer, logIn, pages } from './gallery.mjs'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } }
const CLIENT = '"onload="run(\'client\')"x="&lt;script&gt;'
const KEPT_BYTES_MAX = 3_000_000

const pictures = process.env.JETON_PICTURES
let world

before(async () => {
  world = await open()
  mkdirSync(pictures, { recursive: true })
})
after(() => world.close())

/** Does `work` with a page of a browser that knows nobody. */
async function fresh(options, work) {
  const context = await world.browser.newContext({ locale: 'en-GB', viewport: SIZES.desk, ...options })
  context.setDefaultTimeout(15_000)
  try {
    const page = await context.newPage()
    return await work(page, complaints(page))
  } finally {
    await context.close()
  }
}

/** What every page must be, whatever it says. */
function structure() {
  const shown = [...document.querySelectorAll('input:not([type=hidden]), button, select, textarea')]
  return {
    headings: document.querySelectorAll('h1').length,
    language: document.documentElement.lang,
    title: document.title.length > 3,
    scripts: document.querySelectorAll('script, [onclick], [onload], [onerror]').length,
    unlabelled: shown.filter((field) => field.tagName === 'INPUT' && field.labels.length !== 1).map((field) => field.name),
    broken: [...document.images].filter((image) => !image.complete || image.naturalWidth === 0).map((image) => image.src),
  }
}

function overflow() {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth
}

/** What is reached by the tab key, in order, and whether one sees where one is. */
async function tabbed(page) {
  const expected = await page.evaluate(() => {
    // From the beginning of the page, wherever its author put the caret.
    document.body.tabIndex = -1
    document.body.focus()
    const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    all.forEach((element, nth) => element.setAttribute('data-nth', nth))
    return all.length
  })
  const seen = []
  for (let nth = 0; nth < expected; nth += 1) {
    await page.keyboard.press('Tab')
    seen.push(await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement)
      const visible = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
      return visible ? Number(document.activeElement.dataset.nth) : `${document.activeElement.tagName}: no focus to be seen`
    }))
  }
  assert.deepEqual(seen, Array.from({ length: expected }, (_, nth) => nth), 'the order of the tab key')
}

/** Waits until the caret is in a field: a page is loaded before Chromium puts it where the page asks. */
function focused(page, field) {
  return page.waitForFunction((wanted) => document.activeElement?.matches(wanted), field)
}

async function axe(page, where) {
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] })
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))
  })
  assert.deepEqual(found, [], where)
}

// What a page looks like is the same on every store; the way to it is tried on each.
const elsewhere = Boolean(process.env.JETON_TEST_CLUSTER)

describe('every page', { concurrency: 3, skip: elsewhere }, () => {
  for (const [name, visit] of Object.entries(pages)) {
    test(name, () => fresh({}, async (page, heard) => {
      let policy
      page.on('response', (response) => {
        if (response.request().isNavigationRequest()) policy = response.headers()['content-security-policy'] ?? policy
      })
      await visit(page)
      await page.waitForLoadState()
      const found = await page.evaluate(structure)
      assert.match(found.language, /^[a-z]{2}$/)
      assert.deepEqual({ ...found, language: '' }, { headings: 1, language: '', title: true, scripts: 0, unlabelled: [], broken: [] })
      assert.match(policy, /^default-src 'none'; style-src 'sha256-/)
      assert.doesNotMatch(policy, /unsafe|script-src|\*/)
      await page.evaluate(AXE)
      for (const [size, viewport] of Object.entries(SIZES)) {
        await page.setViewportSize(viewport)
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          assert.equal(await page.evaluate(overflow), 0, `${size}: it scrolls sideways`)
          await axe(page, `${size}, ${colorScheme}`)
          await page.screenshot({ path: join(pictures, `${name}.${size}.${colorScheme}.png`), fullPage: true })
        }
      }
      // WCAG 2.2 §1.4.10: what 1280 pixels are at 400 %.
      await page.setViewportSize({ width: 320, height: 640 })
      assert.equal(await page.evaluate(overflow), 0, 'magnified: it scrolls sideways')
      await tabbed(page)
      assert.deepEqual(heard, [], 'the console')
    }))
  }
})

describe('without script', { concurrency: 3 }, () => {
  for (const [name, visit] of Object.entries(pages)) {
    test(name, () => fresh({ javaScriptEnabled: false }, async (page) => {
      await visit(page)
      assert.equal(await page.locator('h1').count(), 1)
      assert.ok(page.url().startsWith('http://') && !page.url().startsWith(app), page.url())
    }))
  }
})

test('a person signs in by keyboard alone', () => fresh({}, async (page) => {
  await page.goto(authorize('portal'))
  await focused(page, '#username')
  await page.keyboard.type('ada@harbour.example')
  await page.keyboard.press('Tab')
  await focused(page, '#password')
  await page.keyboard.type('Battery-Staple-9')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${app}?code=*`).catch(async (late) => {
    throw new Error(`${page.url()}: ${await page.locator('body').innerText()}`, { cause: late })
  })
}))

test('script in whatever is shown stays text', () => fresh({}, async (page, heard) => {
  const attack = '"><script>run()</script><img src=x onerror=run()>'
  const all = { login_hint: attack, state: attack, nonce: attack, ui_locales: attack, scope: 'openid read:all' }
  const shown = async (...texts) => {
    const text = await page.locator('body').innerText()
    for (const expected of texts) assert.ok(text.includes(expected), `${expected} in ${text}`)
    assert.equal(await page.locator('script, svg, [onerror], [onload]').count(), 0, 'it became markup')
  }
  await page.addInitScript(() => { window.run = (what) => console.error(`script ran: ${what}`) })
  await page.goto(authorize('portal', { ...all, audience: 'https://api.attack.example/' }, 'attack'))
  await shown("<script>run('tenant')</script>", CLIENT)
  assert.equal(await page.inputValue('#username'), attack)
  await logIn(page, attack, attack)
  await shown(CLIENT)
  assert.equal(await page.inputValue('#username'), attack)
  await logIn(page, 'eve@harbour.example')
  await shown("<img src=x onerror=run('organization')>", "</button><script>run('other')</script>")
  await page.click('button[value=org_one]')
  await shown(CLIENT, "<script>run('scope')</script>")
  const one = { ...all, organization: 'one', prompt: 'login' }
  await page.goto(authorize('portal', one, 'attack'))
  await shown("<img src=x onerror=run('organization')>")
  for (const path of [`u/login?state=${attack}`, `u/${attack}`, `authorize?client_id=${attack}`, `u/reset?ticket=${attack}`,
    `oidc/logout?id_token_hint=${attack}`, `v2/logout?returnTo=${attack}`]) {
    await page.goto(issuer('attack') + path)
    await shown("<script>run('tenant')</script>")
  }
  assert.deepEqual(heard, [], 'the console')
}))

test('the pictures that are kept are of these pages, and small', { skip: elsewhere || !process.env.JETON_GALLERY }, () => {
  const kept = readdirSync(process.env.JETON_GALLERY).filter((name) => name.endsWith('.png')).sort()
  assert.deepEqual(kept, readdirSync(pictures).filter((name) => name.endsWith('.png')).sort(), 'run tests/clients/run --update')
  const files = kept.map((name) => readFileSync(join(process.env.JETON_GALLERY, name)))
  for (const [nth, file] of files.entries()) {
    assert.equal(file.readUInt32BE(16), SIZES[kept[nth].split('.')[1]].width, kept[nth])
  }
  const bytes = files.reduce((sum, file) => sum + file.length, 0)
  assert.ok(bytes < KEPT_BYTES_MAX, `${bytes} bytes`)
})
