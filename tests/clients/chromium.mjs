// Debian's Chromium, without a screen: it finds the applications of tenants.json at a server of ours, at any port.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

/** Where the applications of tenants.json are, as browsers see it. */
export const app = 'http://app.harbour.localhost/'

const hosts = ['app.harbour.localhost', 'pictures.harbour.localhost']
const require = createRequire(import.meta.url)

/** A browser, and the server of the applications behind it; close it at the end. */
export async function open() {
  const server = createServer(answer)
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  const browser = await chromium.launch({
    executablePath: process.env.JETON_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      `--host-resolver-rules=${hosts.map((host) => `MAP ${host}:80 127.0.0.1:${port}`).join(',')}`,
      // Chromium's sandbox wants a user of its own.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  })
  const close = async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
  return { browser, close }
}

/** What a page says in the console, but for the statuses of pages that are errors on purpose. */
export function complaints(page) {
  const heard = []
  const expected = (message) =>
    message.text().startsWith('Failed to load resource') && message.location().url.startsWith(page.url().split('#')[0])
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !expected(message)) heard.push(message.text())
  })
  page.on('pageerror', (error) => heard.push(String(error)))
  return heard
}

function answer(request, response) {
  const { pathname } = new URL(request.url, app)
  const [type, body] = content(pathname)
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(body)
}

function content(path) {
  if (path === '/') return ['text/html; charset=utf-8', PAGE]
  if (path === '/auth0-spa-js.js') {
    const folder = require.resolve('@auth0/auth0-spa-js').replace(/dist\/.*/, 'dist/')
    return ['text/javascript', readFileSync(`${folder}auth0-spa-js.production.esm.js`)]
  }
  const logo = LOGOS[path.slice(1).replace('.svg', '')] ?? LOGOS.robot
  return ['image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg" ${logo}</svg>`]
}

const PAGE = `<!doctype html>
<html lang="en">
<title>The application</title>
<link rel="icon" href="data:,">
<h1>The application</h1>
<script type="module">
  import { createAuth0Client } from '/auth0-spa-js.js'
  window.createAuth0Client = createAuth0Client
</script>
</html>`

const LOGOS = {
  northwind: `viewBox="0 0 96 96"><circle cx="48" cy="48" r="46" fill="#ffb300"/>
    <path d="M48 10 66 84 48 70 30 84Z" fill="#17324d"/>`,
  robot: `viewBox="0 0 96 96"><rect x="8" y="20" width="80" height="64" rx="16" fill="#5b3fd6"/>
    <circle cx="34" cy="50" r="9" fill="#fff"/><circle cx="62" cy="50" r="9" fill="#fff"/>
    <path d="M48 20V6M32 70h32" stroke="#5b3fd6" stroke-width="6"/><path d="M34 70h28" stroke="#fff" stroke-width="5"/>`,
  studio: `viewBox="0 0 190 48"><rect width="48" height="48" rx="12" fill="#1f8a4c"/>
    <path d="M12 34C14 16 26 12 37 12 37 26 30 36 17 34L26 23" fill="none" stroke="#fff" stroke-width="4"/>
    <text x="58" y="33" font-family="sans-serif" font-size="25" font-weight="700" fill="#1f8a4c">verde</text>`,
}
