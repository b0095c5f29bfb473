// Messages that the server wrote as files instead of sending them.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env.JETON_MAIL_FOLDER

/** The link in the newest message to `address`, younger than `since` (milliseconds). */
export async function link(address, since) {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = letters().find((letter) => letter.at >= since && letter.text.includes(address))
    const url = found && /https?:\/\/\S+(ticket|verification_code)=\S+/.exec(found.text)?.[0]
    if (url) return url
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`no message to ${address} within ten seconds`)
}

function letters() {
  if (!existsSync(folder)) return []
  const paths = readdirSync(folder).filter((name) => name.endsWith('.eml')).map((name) => join(folder, name))
  const read = (path) => ({
    at: statSync(path).mtimeMs,
    text: readFileSync(path, 'utf8').replaceAll('=\r\n', '').replaceAll('=3D', '='),
  })
  return paths.map(read).sort((one, other) => other.at - one.at)
}
